/// The work-stealing scheduler. The design is explained on top of executor.cpp.
#pragma once

#include "base/fork.hpp"
#include "coro/context_here.hpp"
#include "sched/park.hpp"
#include "sched/place.hpp"
#include "sched/thrift.hpp"

#include <edo/base/detail/mutex.hpp>
#include <edo/base/detail/thread.hpp>
#include <edo/coro/detail/thread_cell.hpp>

#include <deque>
#include <functional>
#include <memory>
#include <vector>

namespace edo::detail {

inline constexpr std::uint32_t current_thread_interval = 31;  ///< as in Tokio

inline constexpr std::chrono::microseconds shortest_guard{250};

// executor::idle_: workers that search << 32 | workers that are awake.
inline constexpr std::uint64_t one_awake = 1;
inline constexpr std::uint64_t one_searching = std::uint64_t{1} << 32;
constexpr std::uint64_t awake_in(std::uint64_t idle) { return idle & (one_searching - 1); }
constexpr std::uint64_t searching_in(std::uint64_t idle) { return idle >> 32; }

/// What the builder decides.
struct executor_options {
    unsigned places = 1;
    bool has_threads = false;  ///< false: a current-thread runtime, whose place block_on takes
    bool lend = false;         ///< block_on may take a worker's place
    std::uint32_t event_interval = 61;
    std::uint32_t global_queue_interval = 0;  ///< 0: 31 on a current-thread runtime, else tuned
    std::size_t stack_size = 0;
    std::string thread_name = "edo-worker";
    std::function<void()> on_thread_start, on_thread_stop, on_thread_park, on_thread_unpark;
};

/// A thread that was started for this executor. Without a place it rests. It is also the scheduler
/// of tasks that must stay on this thread because they drive a local_set.
struct worker_thread final : scheduler {
    explicit worker_thread(executor& owner_executor);
    ~worker_thread() { parker::give_back(*sleeper); }
    worker_thread(const worker_thread&) = delete;
    worker_thread& operator=(const worker_thread&) = delete;

    void schedule(cell_base& cell) noexcept override;
    [[nodiscard]] bool has_bound() const noexcept { return bound.load(relaxed) != nullptr; }

    executor& owner;
    parker* const sleeper;
    atomic<place*> assigned{nullptr};   ///< written under idle_lock_
    atomic<cell_base*> bound{nullptr};  ///< tasks that were woken here, newest first
    thread handle;
};

/// When a thread stops working on a place.
struct run_limit {
    thread_cell* root = nullptr;    ///< when this future has ended
    worker_thread* self = nullptr;  ///< the resident, if this is a thread of the executor
    bool borrowed = false;          ///< as soon as a resting thread can take the place over
    std::optional<std::chrono::steady_clock::time_point> deadline = std::nullopt;
};

/// drive() between the hooks on turns, if there are any.
turn drive_with_hooks(cell& task, bool fresh_budget,
                      const std::shared_ptr<const task_hooks>& hooks) noexcept;

class executor final : public scheduler {
public:
    executor(runtime_core& core, drivers& park_drivers, executor_options options);
    /// Throws std::system_error if a thread cannot be started; none is left then.
    void start_threads();
    ~executor();

    void schedule(cell_base& cell) noexcept override;
    /// Into the list of the place that the calling thread holds, which nobody else looks at. From
    /// then on the place is the task's scheduler, until it is bound to a thread.
    bool keep(cell_base& cell) noexcept override;
    void launch(cell& task) noexcept;
    void task_ended(cell& task) noexcept;

    /// See runtime_core.
    bool run_awaited(cell& task, branch& waiter) noexcept;

    /// See runtime_core.
    bool bind(cell& task) noexcept;

    /// Runs a root to its end on this thread, which holds a place meanwhile if it may and can.
    void block_on(thread_cell& root, bool may_lend);
    /// Makes the place of a worker look at its timers.
    void wake_shard(unsigned shard) noexcept;
    /// A place that its thread left to block, and who had it.
    struct left_place {
        place* at = nullptr;
        worker_thread* resident = nullptr;
        bool is_lent = false;
    };
    /// Takes the calling worker's place from it. Null: it had none, or a thread that rested has it
    /// now. Else it is an orphan: the next thread that rests takes it, unless one of these three
    /// comes first.
    left_place leave_place() noexcept;
    /// Gives it back to the thread that left it.
    void return_place(const left_place& left) noexcept;
    /// Holds it on the calling thread, until a worker thread can have it.
    void adopt(place& p) noexcept;
    /// Gives it to a thread that rests already.
    void hand_on(place& p) noexcept;

    /// Tasks are dropped from now on. Returns at once.
    void close() noexcept;
    /// Tasks and the futures of all block_ons are dropped from now on.
    void fail() noexcept;
    /// Waits until every task is dropped, at most until `deadline` (nothing: without limit). On a
    /// current-thread runtime the caller drops them. False: some were left.
    bool wait_closed(std::optional<std::chrono::steady_clock::time_point> deadline) noexcept;
    /// Lets the threads end by themselves.
    void detach_threads() noexcept;

    [[nodiscard]] const executor_options& options() const noexcept { return options_; }
    [[nodiscard]] place& at(std::size_t index) noexcept { return *places_[index]; }
    [[nodiscard]] std::size_t alive() const noexcept;
    /// Whether nothing is left that needs the workers.
    [[nodiscard]] bool is_empty() const noexcept {
        return alive() == 0 && root_forks_.load(seq_cst) == 0;  // pairs with: end_root_fork()
    }
    /// See runtime_core.
    void begin_root_fork() noexcept { root_forks_.fetch_add(1, relaxed); }
    void end_root_fork() noexcept;
    /// A place's first fork: who goes to sleep looks for children from now on.
    void first_fork() noexcept;
    /// Children of a fork wait, and a worker sleeps.
    void wake_thief() noexcept { notify(1); }
    /// Whether the holder of a place has something else to do than the forks of its turn.
    [[nodiscard]] bool is_needed(const place& p) noexcept;
    [[nodiscard]] std::uint64_t spawned_outside() const noexcept {
        return spawned_outside_.load(relaxed);
    }
    [[nodiscard]] std::size_t injected() const noexcept { return injected_.load(relaxed); }
    [[nodiscard]] std::uint64_t remote_schedules() const noexcept { return remote_.load(relaxed); }
    /// Whether this is the child of a fork, and the threads are the parent's.
    [[nodiscard]] bool is_inherited() const noexcept { return generation_ != fork_generation(); }
    [[nodiscard]] bool is_closing() const noexcept { return closing_.load(relaxed); }
    /// Whether the calling thread holds one of its places, and which.
    [[nodiscard]] const place* place_here() const noexcept;
    /// Whether a task of this executor runs on the calling thread.
    [[nodiscard]] bool runs_here() const noexcept;

private:
    // worker.cpp: what a thread that holds a place does
    void thread_main(worker_thread& self) noexcept;
    void work(const run_limit& limit) noexcept;
    void run_root(thread_cell& root) noexcept;
    bool run_bound() noexcept;
    worker_thread* thread_here() noexcept;
    bool has_bound_here() noexcept;
    bool run_bound_of(worker_thread& self) noexcept;
    void run(cell_base& first, bool fresh_budget) noexcept;
    void run_one(cell_base& task, bool fresh_budget) noexcept;
    void queue_again(cell_base& task, std::uint32_t budget_left) noexcept;
    cell_base* next_task(place& p, bool& fresh_budget) noexcept;
    static cell_base* take_fork(place& p) noexcept;
    cell_base* take_lifo(place& p) noexcept;
    bool take_queued(place& p, const cell& task) noexcept;
    bool take_from_queue(place& p, const cell& task) noexcept;
    static place* listed_by(const cell& task) noexcept;
    cell_base* take_injected(place& p, std::size_t limit) noexcept;
    cell_base* take_share(place& p) noexcept;
    cell_base* steal(place& p) noexcept;
    void maintain(place& p) noexcept;
    void sweep(place& p) noexcept;
    void push_next(place& p, cell_base& cell) noexcept;
    void push_shared(place& p, cell_base& cell) noexcept;
    void push_back(place& p, cell_base& cell) noexcept;
    void push_beyond(place& p, cell_base& cell) noexcept;
    void launch_otherwise(cell& task) noexcept;
    void unlist(cell& task, const place* here) noexcept;
    void ended_late() noexcept;
    void drop_here(std::optional<std::chrono::steady_clock::time_point> deadline) noexcept;
    bool drop_all_here(std::optional<std::chrono::steady_clock::time_point> deadline) noexcept;
    void drop_abandoned() noexcept;
    static void call_hook(const std::function<void()>& hook) noexcept;

    // idle.cpp: who sleeps, who is woken
    bool inject(cell_base& cell, bool is_new) noexcept;
    void notify(std::size_t waiting) noexcept;
    void share_slot(place& p) noexcept;
    /// A worker has something that must not wait for the end of a long turn, a task in its slot or a
    /// timer: somebody has to look after it from time to time.
    void notify_guard() noexcept {
        // seq_cst: pairs with choose_guard(), resign(); whoever is awake now was counted before it ran
        if (guarded_.load(seq_cst) || awake_in(idle_.load(seq_cst)) >= places_.size()) { return; }
        wake_guard();
    }
    void wake_guard() noexcept;
    parker* pick_sleeper(std::size_t waiting) noexcept EDO_EXCLUDES(idle_lock_);
    void unpark_all() noexcept;
    bool start_searching(place& p) noexcept;
    /// The holder has found something to do.
    void take_up_work(place& p) noexcept {
        if (p.is_searching || p.is_guard) [[unlikely]] { end_search(p); }
    }
    void end_search(place& p) noexcept;
    void stop_searching(place& p) noexcept;
    bool has_work(const place& p, const run_limit& limit) const noexcept;
    bool has_shared_work() const noexcept;
    bool must_wake(bool swept, const run_limit& limit) const noexcept;
    void park(place& p, const run_limit& limit) noexcept;
    bool enter_sleep(place& p, const run_limit& limit,
                     std::optional<std::chrono::microseconds>& guard_wait) noexcept;
    void sleep(place& p, const run_limit& limit,
               const std::optional<std::chrono::microseconds>& guard_wait) noexcept;
    bool leave_sleep(place& p, const run_limit& limit) noexcept;
    bool wants_guard() const noexcept EDO_REQUIRES(idle_lock_);
    void choose_guard(place& p) noexcept EDO_REQUIRES(idle_lock_);
    bool is_woken_in_turns(const place& p) const noexcept EDO_REQUIRES(idle_lock_);
    void take_guard_over(place& p) noexcept EDO_REQUIRES(idle_lock_);
    void resign(place& p) noexcept EDO_EXCLUDES(idle_lock_);
    void guard_busy_places(place& p) noexcept;
    void add_sleeper(place& p) noexcept EDO_REQUIRES(idle_lock_);
    void remove_sleeper(place& p) noexcept EDO_REQUIRES(idle_lock_);

    // lending.cpp: how places move between threads
    void rest(worker_thread& self) noexcept;
    bool stop_resting(worker_thread& self) noexcept;
    void take_over(place& p, const run_limit& limit) noexcept;
    place* lend_place() noexcept;
    place* take_free_place() noexcept;
    void free_place(place& p) noexcept;
    void give_place_back(place& p) noexcept;
    bool give_place_to_resting(place& p) noexcept;
    parker* assign_to_resting(place& p) noexcept EDO_REQUIRES(idle_lock_);
    bool take_orphan(place& p) noexcept EDO_REQUIRES(idle_lock_);
    void await_wake_or_place(thread_cell& root, bool may_lend) noexcept;
    void tick_alone(const thread_cell& root) noexcept;

    runtime_core& core_;
    drivers& drivers_;
    const executor_options options_;
    const std::uint32_t generation_ = observe_forks();
    std::vector<std::unique_ptr<place>> places_;
    std::deque<worker_thread> threads_;

    alignas(cache_line) atomic<std::uint64_t> idle_;  ///< see one_awake
    atomic<bool> guarded_{false};  ///< there is a guard; written under idle_lock_
    atomic<bool> closing_{false};
    atomic<bool> has_forked_{false};     ///< a place has had a fork
    atomic<std::size_t> root_forks_{0};  ///< forks of block_ons' futures that are open
    atomic<bool> failed_{false};
    atomic<std::size_t> running_threads_{0};
    atomic<parker*> closer_{nullptr};  ///< waits for the threads to end
    thrift thrift_;
    std::chrono::microseconds guard_wait_ = shortest_guard;  ///< the guard's; else when all sleep
    bool stays_on_ EDO_GUARDED_BY(idle_lock_) = false;       ///< the guard, although all sleep
    bool stay_pays_ EDO_GUARDED_BY(idle_lock_) = false;      ///< the last time it was needed soon
    /// When the last one that was woken to work went to sleep.
    std::chrono::steady_clock::time_point all_asleep_since_ EDO_GUARDED_BY(idle_lock_){};
    std::vector<std::uint32_t> seen_progress_;  ///< the guard's alone

    alignas(cache_line) mutex inject_lock_;
    intrusive_fifo<cell_base> inject_queue_ EDO_GUARDED_BY(inject_lock_);
    bool is_abandoned_ EDO_GUARDED_BY(inject_lock_) = false;  ///< see drop_all_here()
    atomic<std::size_t> injected_{0};
    atomic<std::uint64_t> remote_{0};
    atomic<std::uint64_t> spawned_outside_{0};
    atomic<std::uint64_t> ended_outside_{0};

    mutex idle_lock_;
    std::vector<place*> sleepers_ EDO_GUARDED_BY(idle_lock_);
    std::vector<worker_thread*> resting_ EDO_GUARDED_BY(idle_lock_);  ///< threads without a place
    std::size_t lent_ EDO_GUARDED_BY(idle_lock_) =
        0;  ///< resting threads that get their place back
    std::vector<place*> orphans_ EDO_GUARDED_BY(idle_lock_);  ///< places that nobody holds
    std::vector<parker*> seekers_
        EDO_GUARDED_BY(idle_lock_);  ///< block_ons that wait for the place
    atomic<bool> is_sought_{false};  ///< there are some; written under idle_lock_
    intrusive_list<thread_cell> waiting_roots_
        EDO_GUARDED_BY(idle_lock_);       ///< of block_ons without a place
    atomic<place*> free_place_{nullptr};  ///< of a current-thread runtime
};

/// The calling thread, if it was started for this executor. It may run another one's tasks meanwhile.
inline worker_thread* executor::thread_here() noexcept {
    worker_thread* here = context_here().thread;
    return here != nullptr && &here->owner == this ? here : nullptr;
}

// What every task passes through: inline, so that it is one function in its callers.

/// The holder of `p` runs the cell next; on a current-thread runtime after all others.
inline void executor::push_next(place& p, cell_base& cell) noexcept {
    if (!options_.has_threads) {
        p.push(cell);
        return;
    }
    if (cell_base* before = p.lifo.put(cell)) {
        push_shared(p, *before);
    } else {
        notify_guard();
    }
}

inline void executor::launch(cell& task) noexcept {
    place* here = context_here().worker;
    if (here == nullptr || &here->owner != this || closing_.load(relaxed)) {
        launch_otherwise(task);
        return;
    }
    task.counted = true;
    here->count.spawned.add_by_owner(1);
    push_next(*here, task);
}

EDO_ALWAYS_INLINE void executor::task_ended(cell& task) noexcept {
    place* here = context_here().worker;
    if (here != nullptr && &here->owner != this) { here = nullptr; }
    if (task.is_kept) { unlist(task, here); }
    if (here != nullptr) {
        here->count.ended.add_by_owner(1);
    } else {
        ended_outside_.fetch_add(1, relaxed);
    }
    if (closing_.load(relaxed)) { ended_late(); }
}

}  // namespace edo::detail
