#include "base/current_cpu.hpp"
#include "coro/context_here.hpp"
#include "sched/executor.hpp"

#include <algorithm>

/// Who sleeps, and who is woken. `idle_` counts the workers that are awake and, of these, the ones
/// that search; it changes under `idle_lock_` together with the set of sleepers (but see take_free_place()), and is
/// read without the lock by whoever publishes a task.
namespace edo::detail {
namespace {

constexpr std::chrono::microseconds longest_guard{10'000};
constexpr std::chrono::microseconds longest_thrifty_guard{1'000};
constexpr std::chrono::microseconds idle_guard{2'000};  // while all sleep

}  // namespace

/// From outside of the workers. False: a new task that came too late.
bool executor::inject(cell_base& cell, bool is_new) noexcept {
    if (is_inherited()) { return false; }  // nobody would run it, and the locks may be held
    parker* sleeper = nullptr;
    core_ref abandoned;
    {
        // Held over pick_sleeper(): the executor may be gone as soon as the cell can run and we
        // have left the lock (see the destructor).
        lock_guard guard(inject_lock_);
        if (is_new) {
            if (closing_.load(relaxed)) { return false; }
            static_cast<edo::detail::cell&>(cell).counted = true;
            spawned_outside_.add_by_owner(1);
        }
        inject_queue_.push(cell);
        injected_.store(inject_queue_.size(), relaxed);
        remote_.add_by_owner(1);
        store_load_fence();  // pairs with: those in enter_sleep() and drop_abandoned()
        sleeper = pick_sleeper(inject_queue_.size());
        if (is_abandoned_) { abandoned = core_ref(core_); }
    }
    if (sleeper != nullptr) { sleeper->unpark(); }
    if (abandoned) { drop_abandoned(); }
    return true;
}

void executor::first_fork() noexcept {
    has_forked_.store(true, relaxed);
    store_load_fence();  // pairs with: the one in enter_sleep(), which has not seen the flag
}

/// `waiting`: how many tasks there are for who is woken, as far as the caller knows.
void executor::notify(std::size_t waiting) noexcept {
    if (parker* sleeper = pick_sleeper(waiting)) { sleeper->unpark(); }
}

parker* executor::pick_sleeper(std::size_t waiting) noexcept {
    std::uint64_t idle = idle_.load(seq_cst);  // pairs with: the change in enter_sleep()
    if (searching_in(idle) != 0 || awake_in(idle) >= places_.size()) { return nullptr; }
    // A guard that resigns or goes to sleep now looks into all queues after that: see notify_guard() and
    // enter_sleep().
    if (awake_in(idle) != 0 && thrift_.is_wake_in_vain(waiting) && guarded_.load(seq_cst)) {
        return nullptr;  // seq_cst: pairs with choose_guard() and resign()
    }
    lock_guard guard(idle_lock_);
    idle = idle_.load(relaxed);
    if (searching_in(idle) != 0 || sleepers_.empty()) { return nullptr; }
    if (awake_in(idle) == 0) {
        stay_pays_ = std::chrono::steady_clock::now() - all_asleep_since_ < idle_guard;
    }
    place& p = *sleepers_.back();
    sleepers_.pop_back();
    p.wakes_up();
    p.waker_cpu = current_cpu();
    p.is_searching = true;  // the holder looks at it under the lock when it wakes
    p.helps = awake_in(idle) != 0;
    idle_.store(idle + one_awake + one_searching, seq_cst);  // pairs with: pick_sleeper()'s load
    return p.sleeper;
}

/// The holder stays with a task from its ring: what would have run next goes to whoever has nothing.
void executor::share_slot(place& p) noexcept {
    const std::uint64_t idle = idle_.load(relaxed);
    if (awake_in(idle) >= places_.size() && searching_in(idle) == 0) { return; }
    cell_base* newest = p.lifo.take();
    if (newest == nullptr) { return; }
    push_back(p, *newest);
    store_load_fence();  // pairs with: the one in enter_sleep()
    notify(1);
}

void executor::wake_guard() noexcept {
    parker* sleeper = nullptr;
    {
        lock_guard guard(idle_lock_);
        if (!sleepers_.empty()) { sleeper = sleepers_.back()->sleeper; }
    }
    if (sleeper != nullptr) {
        sleeper->unpark();
    }  // it finds no work, and sleeps again as the guard
}

void executor::unpark_all() noexcept {
    lock_guard guard(idle_lock_);
    for (place* p : sleepers_) { p->sleeper->unpark(); }
    for (worker_thread* t : resting_) { t->sleeper->unpark(); }
}

bool executor::start_searching(place& p) noexcept {
    if (p.is_searching) { return true; }
    if (2 * searching_in(idle_.load(relaxed)) >= places_.size()) { return false; }
    lock_guard guard(idle_lock_);
    idle_.store(idle_.load(relaxed) + one_searching, seq_cst);  // pairs with: pick_sleeper()'s load
    p.is_searching = true;
    return true;
}

void executor::end_search(place& p) noexcept {
    if (p.is_searching) { stop_searching(p); }
    if (p.is_guard) {
        p.helps = awake_in(idle_.load(relaxed)) > 1;
        resign(p);
    }
}

/// The last one that searched wakes another searcher.
void executor::stop_searching(place& p) noexcept {
    p.is_searching = false;
    std::uint64_t idle;
    {
        lock_guard guard(idle_lock_);
        idle = idle_.load(relaxed) - one_searching;
        idle_.store(idle, seq_cst);  // pairs with: pick_sleeper()'s load
    }
    if (searching_in(idle) == 0) { notify(1); }
}

bool executor::has_shared_work() const noexcept {
    if (injected_.load(relaxed) != 0) { return true; }
    return std::ranges::any_of(
        places_, [](const auto& p) { return !p->queue.is_empty() || !p->forks.is_empty(); });
}

/// Whether the holder, awake, has something to run after all.
bool executor::has_work(const place& p, const run_limit& limit) const noexcept {
    return !p.fifo.empty() || !p.lifo.is_empty() || must_wake(p.swept, limit) ||
           (limit.root != nullptr && limit.root->is_woken());
}

/// Whether others have given a holder something to do that was about to sleep.
bool executor::must_wake(bool swept, const run_limit& limit) const noexcept {
    return has_shared_work() ||
           // acquire: pairs with fail()
           (limit.root != nullptr && failed_.load(acquire) && !limit.root->is_drop_requested()) ||
           (closing_.load(relaxed) && (!swept || (limit.root == nullptr && is_empty())));
}

void executor::park(place& p, const run_limit& limit) noexcept {
    if (limit.borrowed && give_place_to_resting(p)) { return; }
    // In this order: a closure wakes its task first, and lets the clock jump then.
    if (drivers_.may_jump() && !has_work(p, limit) && drivers_.jump()) { return; }
    call_hook(options_.on_thread_park);
    if (!has_work(p, limit)) {
        p.count_busy();
        p.unlock_list();
        const bool helped = std::exchange(p.helps, false);
        const auto helped_since = p.awake_since;
        std::optional<std::chrono::microseconds> guard_wait;
        if (enter_sleep(p, limit, guard_wait)) {
            if (helped) { thrift_.learn(std::chrono::steady_clock::now() - helped_since); }
            sleep(p, limit, guard_wait);
            if (place* held = context_here().worker) { held->starts_work(); }
        } else if (leave_sleep(p, limit)) {
            p.helps |= helped;
            p.busy_since = std::chrono::steady_clock::now();
        }
    }
    call_hook(options_.on_thread_unpark);
}

/// The place joins the set of sleepers: from here on it may be lent, and nothing of it may be touched
/// until leave_sleep() says that it is still ours. False: something came up, the thread must not
/// sleep.
bool executor::enter_sleep(place& p, const run_limit& limit,
                           std::optional<std::chrono::microseconds>& guard_wait) noexcept {
    const bool swept = p.swept;
    {
        lock_guard guard(idle_lock_);
        if (limit.borrowed && resting_.size() > lent_) { return false; }  // see rest()
        const std::uint64_t gone = one_awake + (p.is_searching ? one_searching : 0);
        p.is_searching = false;
        idle_.store(idle_.load(relaxed) - gone, seq_cst);  // pairs with: pick_sleeper()'s load
        choose_guard(p);
        if (is_woken_in_turns(p)) { take_guard_over(p); }
        if (p.is_guard) { guard_wait = stays_on_ ? idle_guard : guard_wait_; }
        add_sleeper(p);
    }
    store_load_fence();  // pairs with: those in schedule(), inject(), take_injected(), task_ended(), first_fork()
    if (has_forked_.load(relaxed)) { heavy_fence(); }  // pairs with: fork_lane::offer()
    return !must_wake(swept, limit);
}

void executor::add_sleeper(place& p) noexcept {
    p.falls_asleep();
    sleepers_.insert(p.is_guard ? sleepers_.begin() : sleepers_.end(), &p);  // woken last
}

void executor::remove_sleeper(place& p) noexcept {
    sleepers_.erase(std::ranges::find(sleepers_, &p));
    p.wakes_up();
    idle_.store(idle_.load(relaxed) + one_awake, seq_cst);  // pairs with: pick_sleeper()'s load
}

void executor::sleep(place& p, const run_limit& limit,
                     const std::optional<std::chrono::microseconds>& guard_wait) noexcept {
    auto deadline = drivers_.next_deadline(p.index);
    const auto wake_by = [&](std::chrono::steady_clock::time_point t) {
        deadline = deadline ? std::min(*deadline, t) : t;
    };
    if (limit.deadline) { wake_by(*limit.deadline); }
    if (guard_wait) { wake_by(std::chrono::steady_clock::now() + *guard_wait); }
    parker& self = parker::this_thread();
    if (deadline) {
        self.park_until(*deadline);
    } else {
        self.park();
    }
    if (!leave_sleep(p, limit)) {
        notify_guard();  // perhaps this thread was woken to become the guard
        return;
    }
    if (p.is_guard && !p.is_searching) { guard_busy_places(p); }
    drivers_.poll(p.index);
}

/// True: the place is awake and ours. False: it was lent to another thread meanwhile, and this one
/// has none.
bool executor::leave_sleep(place& p, const run_limit& limit) noexcept {
    {
        lock_guard guard(idle_lock_);
        if (limit.self != nullptr && limit.self->assigned.load(relaxed) != &p) {
            hold(context_here(), nullptr);
            return false;
        }
        if (p.is_parked) { remove_sleeper(p); }  // else pick_sleeper() has made it search
    }
    p.lock_list();
    return true;
}

/// Whether some are awake, whose slots and timers a sleeper has to look after.
bool executor::wants_guard() const noexcept { return awake_in(idle_.load(relaxed)) != 0; }

/// The guard looks after workers that stay with one task for long. If some sleep while others are
/// awake, one of the sleepers is the guard, from its sleep until it finds work. If all sleep it stays on for a
/// while, where that has paid lately: who is woken then need not wake another one to be the guard. The holder of `p`
/// is about to sleep.
void executor::choose_guard(place& p) noexcept {
    if (!options_.has_threads) { return; }
    bool wanted = wants_guard();
    if (!wanted) {
        guard_wait_ = shortest_guard;
        if (p.waker_cpu != unknown_cpu) { all_asleep_since_ = std::chrono::steady_clock::now(); }
    }
    stays_on_ = !wanted && p.is_guard && stay_pays_ && !stays_on_;
    wanted |= stays_on_;
    if (wanted == p.is_guard || (wanted && guarded_.load(relaxed))) { return; }
    p.is_guard = wanted;
    guarded_.store(wanted, seq_cst);  // pairs with: notify_guard()
}

/// Whether the holder of `p`, the last one awake, was woken where it runs and has had next to nothing to do. The
/// system may run a worker in place of its waker even if another processor is idle. If the waker has more to tell it
/// would wake the same one again, and both would take turns, a task at a time.
bool executor::is_woken_in_turns(const place& p) const noexcept {
    return stay_pays_ && p.waker_cpu != unknown_cpu && p.waker_cpu == current_cpu() &&
           awake_in(idle_.load(relaxed)) == 0 &&
           std::chrono::steady_clock::now() - p.awake_since < thrift::worth_it;
}

/// `p`, about to sleep as the last one, is to be woken after all others: as the guard, whose place is the first.
void executor::take_guard_over(place& p) noexcept {
    if (sleepers_.empty()) { return; }
    sleepers_.front()->is_guard = false;  // if it is one
    p.is_guard = stays_on_ = true;
    guarded_.store(true, seq_cst);  // pairs with: notify_guard()
}

/// The guard has found work: another sleeper takes over.
void executor::resign(place& p) noexcept {
    {
        lock_guard guard(idle_lock_);
        p.is_guard = false;
        guarded_.store(false, seq_cst);  // pairs with: notify_guard()
    }
    notify_guard();
}

void executor::guard_busy_places(place& p) noexcept {
    bool found = false;
    for (const auto& other : places_) {
        const std::uint32_t now = other->progress.load(relaxed);
        const bool stays = std::exchange(seen_progress_[other->index], now) == now;
        if (!stays || other.get() == &p) { continue; }
        drivers_.poll(other->index);
        if (cell_base* waiting = other->lifo.steal()) {
            push_back(p, *waiting);
            found = true;
        }
    }
    const auto longest = thrift_.is_wake_in_vain(1) ? longest_thrifty_guard : longest_guard;
    guard_wait_ = found ? shortest_guard : std::min(2 * guard_wait_, longest);
    if (!found) { return; }
    store_load_fence();  // pairs with: the one in enter_sleep()
    notify(1);
}

}  // namespace edo::detail
