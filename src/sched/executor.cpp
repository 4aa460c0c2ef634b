#include "sched/executor.hpp"
#include "coro/context_here.hpp"

#include <algorithm>

/// The scheduler in one page.
///
/// n *places*, each held by at most one thread. A worker takes tasks from its LIFO slot (what it
/// woke or spawned last: warm, at most 3 times in a row), its ring of 256, the injection queue
/// (also every so many turns, for fairness), then from other places' rings, half at a time.
///
/// Waking. A push into a ring or the injection queue wakes one sleeper, unless some worker is
/// searching already; the last searcher that finds something wakes the next. At most half of the
/// workers search. Pusher and sleeper follow Dekker's pattern:
///     pusher   1. publish the task   2. fence   3. read `idle_`, wake somebody if nobody searches
///     sleeper  1. leave `idle_`      2. fence   3. look into all queues once more, then sleep
/// so one of them sees the other.
///
/// The LIFO slot is no reason to wake anybody: mostly its owner runs it next. If the owner is busy
/// for long instead, the *guard* takes the slot (and fires the owner's timers): one sleeper that
/// sleeps for 250 us to 10 ms at a time while any other worker is awake. When all sleep it stays on
/// for some 2 ms at most, and then nothing uses the processor. Where waking has turned out to be in vain
/// (`thrift`), the guard alone looks for more work than those that are awake can do, once in a millisecond.
///
/// Rejected: waking a sleeper for every spawn (5 us of futex for a task that runs in 50 ns); timers
/// or injection behind a guard thread of their own (idle programs would not be idle).
///
/// A current-thread runtime is one place without a thread: block_on takes it. A multi-thread
/// runtime lends one to block_on if it was built so: a sleeping worker's place is taken over
/// without waking the worker, which rests until it gets it back.
///
/// Ends. close() is announced under the injection lock, so no task from outside comes later. Each
/// worker then aborts the tasks that it has listed and drops what it pops; it ends when no task of
/// the runtime is alive. What foreign wakers touch after a push lies under the injection lock, and
/// the destructor takes that lock last.
namespace edo::detail {
namespace {

std::uint32_t first_look_interval(const executor_options& options) noexcept {
    if (options.global_queue_interval != 0) { return options.global_queue_interval; }
    return options.has_threads ? 61 : current_thread_interval;
}

}  // namespace

executor::executor(runtime_core& core, drivers& park_drivers, executor_options options)
    : scheduler(&core),
      core_(core),
      drivers_(park_drivers),
      options_(std::move(options)),
      idle_(0) {
    const unsigned n = options_.places;
    places_.reserve(n);
    for (unsigned i = 0; i < n; ++i) {
        places_.push_back(std::make_unique<place>(*this, i, options_.event_interval,
                                                  first_look_interval(options_), idle_, n));
    }
    lock_guard guard(idle_lock_);
    sleepers_.reserve(n);
    resting_.reserve(n + 1);
    orphans_.reserve(n);
    seen_progress_.resize(n);
    if (!options_.has_threads) {
        free_place_.store(places_[0].get(), relaxed);
        return;
    }
    for (unsigned i = 0; i < n; ++i) {
        worker_thread& thread = threads_.emplace_back(*this);
        place& p = *places_[i];
        thread.assigned.store(&p, relaxed);
        p.resident = &thread;
        p.sleeper = thread.sleeper;
        p.falls_asleep();  // until somebody needs it: its thread starts asleep
    }
    for (unsigned i = n; i-- > 0;) { sleepers_.push_back(places_[i].get()); }
}

void executor::start_threads() {
    for (worker_thread& self : threads_) {
        running_threads_.fetch_add(1, relaxed);
        try {
            self.handle = thread([this, &self, keep = core_ref(core_)] { thread_main(self); },
                                 options_.thread_name, options_.stack_size);
        } catch (...) {
            running_threads_.fetch_sub(1, relaxed);
            close();
            static_cast<void>(wait_closed(std::nullopt));
            throw;
        }
    }
}

executor::~executor() {
    // A worker ends at the last task's end; what others have posted to it until then is left.
    for (const auto& p : places_) { p->clear_posts(); }
    lock_guard last(inject_lock_);  // a foreign waker may still be inside inject()
}

place::place(executor& owner_executor, unsigned number, std::uint32_t event_interval,
             std::uint32_t injection_interval, const atomic<std::uint64_t>& idle,
             std::uint64_t workers) noexcept
    : scheduler(owner_executor.tasks_owner),
      fork_lane(idle, workers),
      owner(owner_executor),
      index(number),
      maintenance(event_interval),
      look(injection_interval),
      random(number * 2654435761U + 1),
      global_interval(injection_interval) {}

void place::schedule(cell_base& cell) noexcept { owner.schedule(cell); }

void place::wake_thief() noexcept { owner.wake_thief(); }

void place::first_fork() noexcept { owner.first_fork(); }

bool place::is_needed() noexcept { return owner.is_needed(*this); }

worker_thread::worker_thread(executor& owner_executor)
    : scheduler(owner_executor.tasks_owner), owner(owner_executor), sleeper(&parker::reserve()) {}

void worker_thread::schedule(cell_base& cell) noexcept {
    parker* self = sleeper;  // the executor may be gone after the push
    cell_base* first = bound.load(relaxed);
    do {
        cell.next = first;
    } while (!bound.compare_exchange(first, &cell, release, relaxed));  // pairs with: run_bound()
    self->unpark();
}

bool executor::bind(cell& task) noexcept {
    if (!options_.has_threads || task.is_bound || task.home->tasks_owner != &core_) { return true; }
    // Only the holder of a place can list it, and a task in no list would outlive the shutdown.
    if (!task.is_kept && !keep(task)) { return false; }
    task.side()->listed_by = static_cast<place*>(task.home);
    task.is_bound = true;
    worker_thread* here = thread_here();
    task.home = here != nullptr ? here : &threads_.front();
    return here != nullptr;
}

void executor::schedule(cell_base& cell) noexcept {
    place* here = context_here().worker;
    if (here == nullptr || &here->owner != this) {
        static_cast<void>(inject(cell, false));
        return;
    }
    push_next(*here, cell);
}

/// Into the ring, from which others steal.
EDO_NOINLINE void executor::push_shared(place& p, cell_base& cell) noexcept {
    push_back(p, cell);
    store_load_fence();  // pairs with: the one in enter_sleep()
    notify(p.queue.size());
}

bool executor::keep(cell_base& cell) noexcept {
    place* here = context_here().worker;
    if (here == nullptr || &here->owner != this) { return false; }  // it is in block_in_place
    if (!cell.is_kept) { here->list(static_cast<edo::detail::cell&>(cell)); }
    return true;
}

/// From outside of the workers, or after close().
void executor::launch_otherwise(cell& task) noexcept {
    if (place_here() != nullptr || !inject(task, true)) { task.cancel_unqueued(); }
}

/// The place that has the task in its list.
place* executor::listed_by(const cell& task) noexcept {
    if (task.is_bound) { return task.side()->listed_by; }
    return task.is_kept ? static_cast<place*>(task.home) : nullptr;
}

/// Out of task_ended(), which mostly has nothing of this to do.
EDO_NOINLINE void executor::unlist(cell& task, const place* here) noexcept {
    if (place* lister = listed_by(task)) { lister->unlist(task, lister == here); }
}
EDO_NOINLINE void executor::ended_late() noexcept {
    store_load_fence();  // pairs with: the one in enter_sleep()
    if (is_empty()) { unpark_all(); }
}

std::size_t executor::alive() const noexcept {
    std::uint64_t ended = ended_outside_.load(relaxed);
    for (const auto& p : places_) { ended += p->count.ended.load(relaxed); }
    std::uint64_t spawned = spawned_outside_.load(relaxed);
    for (const auto& p : places_) { spawned += p->count.spawned.load(relaxed); }
    return spawned > ended ? spawned - ended : 0;
}

void executor::end_root_fork() noexcept {
    root_forks_.fetch_sub(1, seq_cst);  // pairs with: is_empty() of the workers
    if (closing_.load(relaxed) && is_empty()) { unpark_all(); }
}

const place* executor::place_here() const noexcept {
    const place* here = context_here().worker;
    return here != nullptr && &here->owner == this ? here : nullptr;
}

bool executor::runs_here() const noexcept {
    const context& cx = context_here();
    return cx.current && cx.runtime == &core_;
}

void executor::push_back(place& p, cell_base& cell) noexcept {
    if (!options_.has_threads) {
        p.push(cell);
        return;
    }
    if (!p.queue.push(cell)) [[unlikely]] { push_beyond(p, cell); }
}

/// The ring is full.
EDO_NOINLINE void executor::push_beyond(place& p, cell_base& cell) noexcept {
    do {
        p.count.overflows.add_by_owner(1);
        intrusive_fifo<cell_base> half = p.queue.take_half();
        lock_guard guard(inject_lock_);
        inject_queue_.append(half);
        injected_.store(inject_queue_.size(), relaxed);
    } while (!p.queue.push(cell));
}

void executor::wake_shard(unsigned shard) noexcept {
    parker* sleeper = nullptr;
    {
        lock_guard guard(idle_lock_);
        if (places_[shard]->is_parked) { sleeper = places_[shard]->sleeper; }
    }
    if (sleeper != nullptr) { sleeper->unpark(); }
}

void executor::close() noexcept {
    {
        lock_guard guard(inject_lock_);  // see launch()
        closing_.store(true, seq_cst);   // pairs with: the fences in task_ended() and enter_sleep()
    }
    unpark_all();
    lock_guard guard(idle_lock_);
    waiting_roots_.for_each([](thread_cell& root) { root.unpark(); });  // see tick_alone()
}

bool executor::wait_closed(std::optional<std::chrono::steady_clock::time_point> deadline) noexcept {
    if (!options_.has_threads) { return drop_all_here(deadline); }
    parker& self = parker::this_thread();
    closer_.store(&self, seq_cst);  // pairs with: the load in thread_main()
    // seq_cst: pairs with the decrement in thread_main()
    while (running_threads_.load(seq_cst) != 0) {
        if (!deadline) {
            self.park();
        } else if (std::chrono::steady_clock::now() >= *deadline) {
            return false;
        } else {
            self.park_until(*deadline);
        }
    }
    for (worker_thread& t : threads_) { t.handle.join(); }
    return true;
}

void executor::detach_threads() noexcept {
    for (worker_thread& t : threads_) { t.handle.detach(); }
}

}  // namespace edo::detail
