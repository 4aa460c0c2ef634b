/// A worker's place: its queues, its list of parked tasks, its counters.
#pragma once

#include "base/current_cpu.hpp"
#include "sched/lifo_slot.hpp"
#include "sched/local_queue.hpp"

#include <edo/base/detail/fast_random.hpp>
#include <edo/base/detail/parker.hpp>
#include <edo/coro/detail/context.hpp>
#include <edo/coro/detail/fork_lane.hpp>
#include <edo/task/detail/cell.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <utility>

namespace edo::detail {

class executor;
struct worker_thread;

/// Written by the holder of the place only (parks and unparks under executor::idle_lock_), read by
/// anybody.
struct place_counters {
    atomic<std::uint64_t> spawned{0};  ///< tasks launched here
    atomic<std::uint64_t> ended{0};    ///< tasks that ended here
    atomic<std::uint64_t> parks{0};
    atomic<std::uint64_t> unparks{0};
    atomic<std::uint64_t> steals{0};     ///< batches taken from others
    atomic<std::uint64_t> polls{0};      ///< turns of tasks
    atomic<std::uint64_t> overflows{0};  ///< times that the ring was full
    atomic<std::uint64_t> forced_yields{0};
    atomic<std::int64_t> busy_ns{0};
};

/// Something that is done every so many turns.
class periodic {
public:
    explicit periodic(std::uint32_t interval) noexcept : next_(shortened(interval)) {}
    /// Whether it has to be done at this turn, or should have been before.
    [[nodiscard]] bool is_reached(std::uint32_t tick) const noexcept {
        return static_cast<std::int32_t>(tick - next_) >= 0;
    }
    /// The same; then the next time is an interval later.
    [[nodiscard]] bool is_due(std::uint32_t tick, std::uint32_t interval) noexcept {
        if (!is_reached(tick)) { return false; }
        next_ = tick + shortened(interval);
        return true;
    }

private:
    static std::uint32_t shortened(std::uint32_t interval) noexcept {
        return std::min<std::uint32_t>(interval, INT32_MAX);  // turns are compared modulo 2^32
    }
    std::uint32_t next_;
};

/// What a thread needs to run tasks. At most one thread holds a place; it moves between threads
/// when block_on lends its thread and when block_in_place blocks one.
///
/// The list of parked tasks is for shutdown. A task enters it when it parks for the first time, so
/// a task that never suspends costs nothing here. The holder works on it without synchronisation;
/// others, who end a task that this place has listed, post it to `ended_elsewhere`. While the
/// holder sleeps the list is unlocked, and whoever posts also clears the posts (`list_locked`). Only an
/// empty one stays locked: nobody posts before a holder has listed a task.
///
/// It is the scheduler of the tasks that it has listed, so that these know their list.
class alignas(cache_line) place final : public scheduler, public fork_lane {
public:
    /// `injection_interval`: turns between two looks at the injection queue, to begin with.
    /// `idle`, `workers`: see fork_lane.
    place(executor& owner_executor, unsigned number, std::uint32_t event_interval,
          std::uint32_t injection_interval, const atomic<std::uint64_t>& idle,
          std::uint64_t workers) noexcept;
    void schedule(cell_base& cell) noexcept override;

    executor& owner;
    const unsigned index;
    // A line of its own: who wakes a listed task reads what is above.
    alignas(cache_line) lifo_slot lifo;
    unsigned lifo_runs = 0;             ///< turns taken from it in a row
    std::uint32_t tick = 0;             ///< turns, those inside an await included
    periodic maintenance;               ///< executor::maintain()
    periodic look;                      ///< a look at the injection queue
    atomic<std::uint32_t> progress{0};  ///< the tick at which the turn began, for others
    /// Holder: whether there is more to do at this turn than to run a task.
    [[nodiscard]] bool has_duty_at(std::uint32_t turn) const noexcept {
        return maintenance.is_reached(turn) || look.is_reached(turn);
    }
    bool is_searching = false;
    bool is_guard =
        false;  ///< its holder is the guard: see executor::choose_guard(); written under idle_lock_
    bool swept = false;  ///< the closing executor has aborted its parked tasks
    fast_random random;
    intrusive_fifo<cell_base> fifo;  ///< instead of ring and lifo slot on a current-thread runtime
    atomic<std::size_t> fifo_depth{0};  ///< its size, for others
    local_queue queue;
    std::uint32_t global_interval;  ///< turns between two looks at the injection queue
    std::chrono::steady_clock::time_point interval_start{};
    std::chrono::steady_clock::time_point busy_since{};  ///< or the epoch: it is not being counted
    std::chrono::steady_clock::time_point awake_since{};
    place_counters count;

    // Guarded by executor::idle_lock_; see also take_free_place().
    parker* sleeper = nullptr;  ///< who to unpark
    worker_thread* resident =
        nullptr;                  ///< the worker thread that holds the place; null: a lent one
    bool is_lent = false;         ///< held by a block_on
    int waker_cpu = unknown_cpu;  ///< of who has chosen it in pick_sleeper()
    bool is_parked = false;       ///< in the set of sleepers
    bool helps = false;  ///< its holder was woken while others were awake (guarded in its sleep)
    void falls_asleep() noexcept {
        is_parked = true;
        waker_cpu = unknown_cpu;
        count.parks.add_by_owner(1);
    }
    void wakes_up() noexcept {
        is_parked = false;
        count.unparks.add_by_owner(1);
    }

    /// Holder: from its wake on.
    void starts_work() noexcept { busy_since = awake_since = std::chrono::steady_clock::now(); }
    /// Holder of a lent place that has tasks to run, or to wait for. A block_on whose future is all that it
    /// runs looks at no clock.
    void starts_work_now() noexcept {
        if (busy_since == never) { starts_work(); }
    }
    /// Holder: at the end of its time.
    void count_busy() noexcept {
        if (busy_since == never) { return; }
        count.busy_ns.add_by_owner((std::chrono::steady_clock::now() - busy_since).count());
        busy_since = never;
    }
    /// Holder, on a current-thread runtime.
    void push(cell_base& cell) noexcept {
        fifo.push(cell);
        fifo_depth.store(fifo.size(), relaxed);
    }
    [[nodiscard]] cell_base* pop() noexcept {
        cell_base* cell = fifo.pop();
        fifo_depth.store(fifo.size(), relaxed);
        return cell;
    }
    /// Holder: the task parks here for the first time.
    void list(cell& task) noexcept {
        task.is_kept = true;
        task.home = this;
        parked_.push_back(task);
    }
    /// Whoever ends a listed task. The cell may be gone when this returns.
    void unlist(cell& task, bool is_holder) noexcept;
    /// Holder: before and after a sleep.
    void unlock_list() noexcept;
    void lock_list() noexcept;
    /// Holder: frees what others have ended.
    void clear_posts() noexcept;
    [[nodiscard]] intrusive_list<cell>& parked() noexcept { return parked_; }

private:
    static constexpr std::chrono::steady_clock::time_point never{};
    void wake_thief() noexcept override;
    void first_fork() noexcept override;
    bool is_needed() noexcept override;
    bool try_lock_list() noexcept;
    void release_list() noexcept;
    intrusive_list<cell> parked_;
    bool keeps_list_ = false;  ///< it stayed locked: the holder's
    atomic<cell_base*> ended_elsewhere_{nullptr};
    atomic<bool> list_locked_{false};
};

/// The calling thread holds `p` from now on, null for none. Gives what it held before.
inline place* hold(context& cx, place* p) noexcept {
    cx.lane = p;
    return std::exchange(cx.worker, p);
}

}  // namespace edo::detail
