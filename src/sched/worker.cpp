#include "coro/context_here.hpp"
#include "sched/executor.hpp"

#include <edo/base/detail/fatal.hpp>

#include <algorithm>

/// What a thread does while it holds a place.
namespace edo::detail {
namespace {

constexpr unsigned lifo_limit = 3;  // turns in a row, as in Tokio

/// How deep forks may lie inside of forks on this thread.
class nesting_here {
public:
    /// `stack_size`: of the executor's threads, 0 for the system's default.
    nesting_here(context& cx, std::size_t stack_size) noexcept : cx_(cx), outer_(cx.stack_floor) {
        constexpr std::size_t most = 128 * 1024;
        const std::size_t part = stack_size == 0 ? most : std::min(most, stack_size / 4);
        cx.stack_floor = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)) - part;
    }
    ~nesting_here() { cx_.stack_floor = outer_; }
    nesting_here(const nesting_here&) = delete;
    nesting_here& operator=(const nesting_here&) = delete;

private:
    context& cx_;
    std::uintptr_t outer_;
};

/// Turns between two looks at the injection queue: one look in 200 us, as Tokio aims at.
std::uint32_t tuned_interval(std::uint32_t before, std::chrono::nanoseconds turn) {
    constexpr std::int64_t look_ns = 200'000;
    constexpr std::int64_t least = 2, most = 127;
    const auto wanted = std::clamp(look_ns / std::max<std::int64_t>(turn.count(), 1), least, most);
    return static_cast<std::uint32_t>((3 * static_cast<std::int64_t>(before) + wanted) / 4);
}

}  // namespace

void executor::call_hook(const std::function<void()>& hook) noexcept {
    if (!hook) { return; }
    try {
        hook();
    } catch (...) { fatal("a thread hook of the runtime threw"); }
}

void executor::thread_main(worker_thread& self) noexcept {
    context& cx = context_here();
    cx.runtime = &core_;
    cx.thread = &self;
    parker::adopt(self.sleeper);
    call_hook(options_.on_thread_start);
    while (!(closing_.load(relaxed) && is_empty())) {
        place* p = self.assigned.load(acquire);  // pairs with: give_place_back()
        if (p == nullptr) {
            if (!run_bound()) { rest(self); }
        } else {
            take_over(*p, run_limit{.self = &self});
        }
    }
    if (place* p = self.assigned.load(relaxed)) {  // given back asleep, and not needed any more
        lock_guard guard(idle_lock_);
        if (p->is_parked) { remove_sleeper(*p); }
    }
    call_hook(options_.on_thread_stop);
    hold(cx, nullptr);
    cx.runtime = nullptr;
    cx.thread = nullptr;
    parker::adopt(nullptr);
    // seq_cst: pairs with wait_closed(), which joins this thread before it frees anything
    if (running_threads_.fetch_sub(1, seq_cst) == 1) {
        parker* closer = closer_.load(seq_cst);  // pairs with: the store in wait_closed()
        if (closer != nullptr) { closer->unpark(); }
    }
}

bool executor::has_bound_here() noexcept {
    const worker_thread* self = thread_here();
    return self != nullptr && self->has_bound();
}

/// What is bound to this thread. False: nothing.
bool executor::run_bound() noexcept {
    worker_thread* self = thread_here();
    return self != nullptr && self->has_bound() && run_bound_of(*self);
}

void executor::work(const run_limit& limit) noexcept {
    context& cx = context_here();
    const nesting_here nesting(cx, options_.stack_size);
    bool root_ran = false;   // it and the tasks take turns,
    bool bound_ran = false;  // those that are bound to this thread and the others as well
    while (place* p = cx.worker) {
        if (limit.root != nullptr) {
            if (failed_.load(acquire)) { limit.root->request_drop(); }  // pairs with: fail()
            if (limit.root->is_finished()) { return; }
            if (!std::exchange(root_ran, false) && limit.root->take_wake()) {
                take_up_work(*p);
                if (drivers_.has_timers(p->index)) { notify_guard(); }
                run_root(*limit.root);
                root_ran = true;
                continue;
            }
            p->starts_work_now();
        }
        if (closing_.load(relaxed)) {
            sweep(*p);
            if (limit.root == nullptr && is_empty()) { return; }
        }
        if (!std::exchange(bound_ran, false) && run_bound()) {
            bound_ran = true;
            continue;
        }
        p->is_unwinding = false;
        p->progress.store(++p->tick, relaxed);
        if (p->maintenance.is_due(p->tick, options_.event_interval)) { maintain(*p); }
        bool fresh_budget = true;
        cell_base* next = next_task(*p, fresh_budget);
        if (next == nullptr && has_bound_here()) { continue; }
        if (next == nullptr) { next = steal(*p); }
        if (next != nullptr) {
            take_up_work(*p);
            p->count.polls.add_by_owner(1);
            run(*next, fresh_budget);
        } else if (limit.root == nullptr || !limit.root->is_woken()) {
            if (limit.deadline && std::chrono::steady_clock::now() >= *limit.deadline) { return; }
            park(*p, limit);
        }
    }
}

/// Runs the tasks that are bound to this thread, in the order of their wakes. False: there is none.
/// A thread that has just been given a place works on that first.
EDO_NOINLINE bool executor::run_bound_of(worker_thread& self) noexcept {
    if (place* p = context_here().worker) {
        take_up_work(*p);
        if (drivers_.has_timers(p->index)) { notify_guard(); }
    } else if (!stop_resting(self)) {
        return true;
    }
    cell_base* newest = self.bound.exchange(nullptr, acquire);  // pairs with: schedule()
    cell_base* oldest = nullptr;
    while (newest != nullptr) {
        cell_base* following = std::exchange(newest->next, oldest);
        oldest = std::exchange(newest, following);
    }
    while (oldest != nullptr) { run(*std::exchange(oldest, oldest->next), true); }
    return true;
}

void executor::run_root(thread_cell& root) noexcept {
    if (drive(root) == turn::yielded) { root.wake_again(); }
}

/// Runs a task, and then the parents whose forks have ended with it: else trees would be walked in
/// breadth, and all of them would lie in memory.
void executor::run(cell_base& first, bool fresh_budget) noexcept {
    context& cx = this_context();  // not context_here(): see fork_core::run()
    for (cell_base* task = &first;;) {
        run_one(*task, fresh_budget);
        if (cx.joined == nullptr) { return; }
        if (place* p = cx.worker) { p->count.polls.add_by_owner(1); }
        task = std::exchange(cx.joined, nullptr);
        fresh_budget = true;
    }
}

void executor::run_one(cell_base& task, bool fresh_budget) noexcept {
    // The child of a fork ends with its parent.
    if (closing_.load(relaxed) && !task.is_fork) { static_cast<void>(task.state.request_abort()); }
    const turn result = core_.hooks && !task.is_fork
                            ? drive_with_hooks(static_cast<cell&>(task), fresh_budget, core_.hooks)
                            : drive(task, fresh_budget);
    if (result == turn::yielded) { queue_again(task, context_here().budget_left); }
}

/// After a turn that yielded.
void executor::queue_again(cell_base& task, std::uint32_t budget_left) noexcept {
    place* here = context_here().worker;
    if (here == nullptr || task.is_bound) {
        task.home->schedule(task);  // block_in_place has taken the place
        return;
    }
    if (budget_left == 0) { here->count.forced_yields.add_by_owner(1); }
    push_back(*here, task);
}

/// Takes `task` out of the place's queues: if it is the next one, or among the last that came.
EDO_ALWAYS_INLINE bool executor::take_queued(place& p, const cell& task) noexcept {
    if (&p.owner != this || closing_.load(relaxed) || core_.hooks) { return false; }
    return p.lifo.take(task) || take_from_queue(p, task);
}

EDO_NOINLINE bool executor::take_from_queue(place& p, const cell& task) noexcept {
    if (!options_.has_threads) { return p.fifo.front() == &task && p.pop() != nullptr; }
    if (!p.queue.take(task)) { return false; }
    share_slot(p);
    return true;
}

bool executor::run_awaited(cell& task, branch& waiter) noexcept {
    context& cx = context_here();
    place* p = cx.worker;
    // Branches beside the waiter would have to wait as well. Every await costs budget, so the turn
    // stays bounded; and it counts as a turn, so that timers and the injection queue do not wait longer.
    if (p == nullptr || waiter.is_child || cx.budget == 0 || cx.budget == no_budget ||
        cx.awaiting == depth_limit || p->has_duty_at(p->tick + 1) || !take_queued(*p, task)) {
        return false;
    }
    p->starts_work_now();
    ++p->tick;
    p->count.polls.add_by_owner(1);
    --cx.budget;
    task.awaited_here = true;
    ++cx.awaiting;
    const turn result = drive_inside(task);
    --cx.awaiting;
    if (result == turn::ended_here) {
        task_ended(task);
        return true;
    }
    if (result == turn::yielded) { queue_again(task, cx.budget); }
    return result == turn::ended;
}

turn drive_with_hooks(cell& task, bool fresh_budget,
                      const std::shared_ptr<const task_hooks>& hooks) noexcept {
    if (!hooks || !(hooks->on_before_poll || hooks->on_after_poll)) {
        return drive(task, fresh_budget);
    }
    const std::string name(task.name());  // the task may be gone after the turn
    const task_meta meta{task.id, name, task.spawned_at()};
    // NOLINTNEXTLINE(performance-unnecessary-copy-initialization): `hooks` may go with the task
    const auto keep = hooks;
    try {
        if (keep->on_before_poll) { keep->on_before_poll(meta); }
        const turn result = drive(task, fresh_budget);
        if (keep->on_after_poll) { keep->on_after_poll(meta); }
        return result;
    } catch (...) { fatal("a poll hook of the runtime threw"); }
}

cell_base* executor::next_task(place& p, bool& fresh_budget) noexcept {
    const bool looks = p.look.is_due(p.tick, p.global_interval);
    if (!p.forks.is_empty() && p.tick % 2 != 0) {
        if (cell_base* child = take_fork(p)) { return child; }
    }
    if (!options_.has_threads) {
        if (cell_base* cell = looks ? take_injected(p, 1) : nullptr) { return cell; }
        if (cell_base* cell = p.pop()) { return cell; }
        if (cell_base* child = take_fork(p)) { return child; }
        return take_injected(p, SIZE_MAX);
    }
    if (cell_base* cell = looks ? take_share(p) : nullptr) { return cell; }
    if (cell_base* cell = take_lifo(p)) {
        fresh_budget = false;
        return cell;
    }
    p.lifo_runs = 0;
    if (cell_base* cell = p.queue.pop()) { return cell; }
    if (cell_base* child = take_fork(p)) { return child; }
    return take_share(p);
}

/// A child that a fork has left to the loop: others had waited, or the stack ran out. They take turns with
/// the others; the newest goes first, so that no more of them wait than the forks are deep.
cell_base* executor::take_fork(place& p) noexcept {
    fork_child* child = p.forks.is_empty() ? nullptr : p.forks.pop();
    return child != nullptr ? &child->become_queued() : nullptr;
}

/// What of the injection queue falls to each worker. One at a time would leave the queue behind the
/// turns of tasks that compute for long.
cell_base* executor::take_share(place& p) noexcept {
    return take_injected(p, injected_.load(relaxed) / places_.size() + 1);
}

/// The task in the slot, unless the slot has had its turns or the budget of its predecessor is used
/// up: then it goes to the back of the ring.
cell_base* executor::take_lifo(place& p) noexcept {
    cell_base* cell = p.lifo.take();
    if (cell == nullptr) { return nullptr; }
    if (p.lifo_runs < lifo_limit && context_here().budget_left != 0) {
        ++p.lifo_runs;
        return cell;
    }
    p.lifo_runs = 0;
    context_here().budget_left = task_budget;
    push_back(p, *cell);
    return nullptr;
}

/// One task from the injection queue; more of them, up to `limit`, go to the own queue. To count them off is
/// slow, since they lie in the caches of those who woke them: so that is done without the lock, and what is too
/// much goes back to the front.
cell_base* executor::take_injected(place& p, std::size_t limit) noexcept {
    if (injected_.load(relaxed) == 0) { return nullptr; }
    limit =
        std::min<std::size_t>(limit, options_.has_threads ? local_queue::capacity / 2 : SIZE_MAX);
    intrusive_fifo<cell_base> taken;
    {
        lock_guard guard(inject_lock_);
        if (limit != 1) {
            std::swap(taken, inject_queue_);
        } else if (cell_base* cell = inject_queue_.pop()) {
            taken.push(*cell);
        }
        injected_.store(inject_queue_.size(), relaxed);
    }
    cell_base* first = taken.pop();
    for (; limit > 1 && !taken.empty(); --limit) { push_back(p, *taken.pop()); }
    if (const std::size_t rest = taken.size(); rest != 0) {
        {
            lock_guard guard(inject_lock_);
            taken.append(inject_queue_);
            std::swap(taken, inject_queue_);
            injected_.store(inject_queue_.size(), relaxed);
        }
        store_load_fence();  // pairs with: the one in enter_sleep(), which has not seen them
        notify(rest);
    }
    return first;
}

cell_base* executor::steal(place& p) noexcept {
    const auto n = static_cast<std::uint32_t>(places_.size());
    if (n == 1 || !start_searching(p)) { return nullptr; }
    const std::uint32_t start = p.random.below(n);
    for (std::uint32_t i = 0; i < n; ++i) {
        place& victim = *places_[(start + i) % n];
        if (&victim == &p) { continue; }
        if (fork_child* child = victim.forks.steal()) {
            p.count.steals.add_by_owner(1);
            return &child->become_queued();
        }
        if (cell_base* cell = victim.queue.steal_into(p.queue)) {
            p.count.steals.add_by_owner(1);
            return cell;
        }
    }
    return take_injected(p, 1);
}

bool executor::is_needed(const place& p) noexcept {
    const context& cx = context_here();
    if (const cell_base* turn_of = cx.outermost) {
        // Other branches of the task may have been woken, which perhaps drop the one that forks.
        const state_word::value now = turn_of->state.look();
        if ((now & (state_word::abort | ~state_word::flags)) != 0 ||
            ((now & state_word::wake) != 0) != turn_of->seen) {
            return true;
        }
    }
    // A child that runs inside of its parent may have to end although the task has not.
    if (must_unwind(cx)) { return true; }
    if (closing_.load(relaxed) || has_bound_here() || injected_.load(relaxed) != 0 ||
        !p.queue.is_empty() || !p.fifo.empty() || !p.lifo.is_empty()) {
        return true;
    }
    const auto timer =
        drivers_.has_timers(p.index) ? drivers_.next_deadline(p.index) : std::nullopt;
    return timer && *timer <= std::chrono::steady_clock::now();
}

void executor::maintain(place& p) noexcept {
    drivers_.poll(p.index);
    p.clear_posts();
    if (options_.global_queue_interval != 0) {
        p.global_interval = options_.global_queue_interval;
    } else if (!options_.has_threads) {
        p.global_interval = current_thread_interval;
    } else {
        const auto now = std::chrono::steady_clock::now();
        if (p.interval_start != std::chrono::steady_clock::time_point{}) {
            p.global_interval = tuned_interval(p.global_interval,
                                               (now - p.interval_start) / options_.event_interval);
        }
        p.interval_start = now;
    }
}

/// Once, when the executor closes: every task that this place has listed is aborted.
void executor::sweep(place& p) noexcept {
    if (std::exchange(p.swept, true)) { return; }
    p.clear_posts();
    intrusive_list<cell> parked;
    parked.splice_back(p.parked());
    while (cell* task = parked.pop_front()) {
        p.parked().push_back(*task);
        if (!task->state.request_abort()) { continue; }
        if (task->is_bound) {
            task->home->schedule(*task);  // perhaps to another thread
        } else {
            push_back(p, *task);
        }
    }
    // A task may have ended just before, by a thread that did not see `closing_`.
    store_load_fence();  // pairs with: the one in task_ended()
    if (is_empty()) { unpark_all(); }
}

/// The calling thread drops what is left, as far as it gets until `deadline`.
void executor::drop_here(std::optional<std::chrono::steady_clock::time_point> deadline) noexcept {
    if (place* p = lend_place()) {
        context& cx = context_here();
        place* worker = hold(cx, p);
        runtime_core* runtime = std::exchange(cx.runtime, &core_);
        work(run_limit{.deadline = deadline});
        hold(cx, worker);
        cx.runtime = runtime;
        give_place_back(*p);
    }
}

/// The end of a current-thread runtime, which has no threads that outlive it. Tasks that a pin still
/// holds keep the core; whoever wakes one drops it (drop_abandoned). True: none is left.
bool executor::drop_all_here(
    std::optional<std::chrono::steady_clock::time_point> deadline) noexcept {
    drop_here(deadline);
    if (!is_empty()) {
        lock_guard guard(inject_lock_);
        if (!std::exchange(is_abandoned_, true)) { core_.add_reference(); }
    }
    drop_abandoned();  // what was woken until then
    return is_empty();
}

/// Drops what is woken of an abandoned executor; with the last task goes the reference that kept the
/// core. The caller has a reference of its own.
void executor::drop_abandoned() noexcept {
    do {
        drop_here(std::chrono::steady_clock::now());
        if (is_empty()) {
            bool is_last;
            {
                lock_guard guard(inject_lock_);
                is_last = std::exchange(is_abandoned_, false);
            }
            if (is_last) { core_.release_reference(); }
            return;
        }
        store_load_fence();  // pairs with: the one in inject(), whose thread may find the place held
        if (free_place_.load(relaxed) == nullptr) { return; }  // its holder looks again
    } while (has_shared_work());
}

}  // namespace edo::detail
