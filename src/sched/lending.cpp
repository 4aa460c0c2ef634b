#include "coro/context_here.hpp"
#include "sched/executor.hpp"

#include <algorithm>

/// How places move between threads: lent to block_on, left by block_in_place, given back.
namespace edo::detail {

/// A thread of the executor without a place waits for one.
void executor::rest(worker_thread& self) noexcept {
    {
        lock_guard guard(idle_lock_);
        if (self.assigned.load(relaxed) == nullptr &&
            std::ranges::find(resting_, &self) == resting_.end()) {
            resting_.push_back(&self);
        }
        if (resting_.size() > lent_) {
            if (!orphans_.empty()) {
                place* p = orphans_.back();
                orphans_.pop_back();
                assign_to_resting(*p)->unpark();
            } else {
                for (place* p : sleepers_) {  // a borrower that sleeps has to give its place up
                    if (p->resident == nullptr && !p->is_lent) { p->sleeper->unpark(); }
                }
            }
        }
    }
    store_load_fence();  // pairs with: the one in task_ended()
    if (closing_.load(relaxed) && is_empty()) { return; }
    self.sleeper->park();
}

/// A thread without a place is about to run what is bound to it, perhaps for long: it gets none
/// meanwhile. False: it has got one.
bool executor::stop_resting(worker_thread& self) noexcept {
    lock_guard guard(idle_lock_);
    std::erase(resting_, &self);
    return self.assigned.load(relaxed) == nullptr;
}

/// Works on a place that was assigned to this thread. One that was given back asleep wakes up, for
/// rest() has used up the wake that led here, and nobody knows what it was for.
void executor::take_over(place& p, const run_limit& limit) noexcept {
    hold(context_here(), &p);
    if (!leave_sleep(p, limit)) { return; }
    p.starts_work();
    work(limit);
    if (place* held = hold(context_here(), nullptr)) { held->count_busy(); }
}

/// A place for the calling thread: the free one of a current-thread runtime, or that of a sleeping
/// worker, which is not woken. Null: none is to be had.
place* executor::lend_place() noexcept {
    if (!options_.has_threads) { return take_free_place(); }
    place* found = nullptr;
    bool others_work = false;
    {
        lock_guard guard(idle_lock_);
        const auto lendable = [](place* p) { return p->resident != nullptr; };
        auto at = std::find_if(sleepers_.rbegin(), sleepers_.rend(), lendable);
        if (at == sleepers_.rend()) { return nullptr; }
        found = *at;
        others_work = wants_guard();
        remove_sleeper(*found);
        worker_thread* rests = std::exchange(found->resident, nullptr);
        rests->assigned.store(nullptr, relaxed);
        resting_.push_back(rests);
        found->is_lent = true;
        ++lent_;
        found->sleeper = &parker::this_thread();
    }
    if (others_work) { notify_guard(); }  // perhaps the worker was just being woken to be the guard
    found->lock_list();
    return found;
}

/// The one place of a current-thread runtime, without a lock: who takes it or frees it is awake, and so alone with
/// what idle_lock_ guards elsewhere.
place* executor::take_free_place() noexcept {
    // acquire: pairs with free_place(), what the holder before has left
    place* found = free_place_.exchange(nullptr, acquire);
    if (found == nullptr) { return nullptr; }
    idle_.store(idle_.load(relaxed) + one_awake, relaxed);
    found->sleeper = &parker::this_thread();
    found->lock_list();
    return found;
}

void executor::free_place(place& p) noexcept {
    idle_.store(idle_.load(relaxed) - one_awake, relaxed);
    // Whoever seeks it says so, and looks then: one of the two sees the other.
    free_place_.store(&p, seq_cst);             // pairs with: await_wake_or_place()
    if (!is_sought_.load(seq_cst)) { return; }  // pairs with: await_wake_or_place()
    lock_guard guard(idle_lock_);
    for (parker* seeker : seekers_) { seeker->unpark(); }
}

void executor::give_place_back(place& p) noexcept {
    take_up_work(p);
    p.count_busy();
    p.unlock_list();
    if (!options_.has_threads) {
        free_place(p);
        return;
    }
    const bool idle =
        !has_work(p, {}) && !drivers_.next_deadline(p.index) && !closing_.load(relaxed);
    parker* resident = nullptr;
    bool is_wanted = false;
    {
        lock_guard guard(idle_lock_);
        --lent_;
        p.is_lent = false;
        if (resting_.empty()) {
            orphans_.push_back(&p);
        } else {
            resident = assign_to_resting(p);
            if (idle) {
                add_sleeper(p);
                idle_.store(idle_.load(relaxed) - 1, seq_cst);  // pairs with: pick_sleeper()'s load
                is_wanted = wants_guard() && !guarded_.load(relaxed);
            }
        }
    }
    if (resident ==
        nullptr) {         // its thread runs what is bound to it, and takes the place after that
        notify(SIZE_MAX);  // others do its work meanwhile
        return;
    }
    if (!idle) {
        resident->unpark();
        return;
    }
    store_load_fence();  // pairs with: those in schedule() and inject()
    // The deadline again: a timer that another thread added before the place slept woke nobody.
    if (is_wanted || has_shared_work() || closing_.load(relaxed) ||
        drivers_.next_deadline(p.index)) {
        resident->unpark();
    }
}

void executor::block_on(thread_cell& root, bool may_lend) {
    context& cx = context_here();
    place* const worker = hold(cx, nullptr);
    runtime_core* const runtime = std::exchange(cx.runtime, &core_);
    cell_base* const joined = std::exchange(cx.joined, nullptr);  // another executor's
    while (!root.is_finished()) {
        if (failed_.load(acquire)) { root.request_drop(); }  // pairs with: fail()
        if (place* p = may_lend ? lend_place() : nullptr) {
            hold(cx, p);
            work(run_limit{.root = &root});
            if (cx.worker != nullptr) { give_place_back(*hold(cx, nullptr)); }
        } else if (root.take_wake()) {
            run_root(root);
        } else {
            await_wake_or_place(root, may_lend);
        }
    }
    hold(cx, worker);
    cx.runtime = runtime;
    cx.joined = joined;
    // shutdown_background(), inside the root or by a thread that has found the place held
    if (!options_.has_threads && closing_.load(seq_cst)) {  // pairs with: close()
        static_cast<void>(drop_all_here(std::chrono::steady_clock::now()));
    }
}

/// Every block_on is woken and finds out.
void executor::fail() noexcept {
    failed_.store(true, release);  // pairs with: block_on() and work()
    close();
}

void executor::await_wake_or_place(thread_cell& root, bool may_lend) noexcept {
    parker& self = parker::this_thread();
    const bool seeks = may_lend && !options_.has_threads;
    {
        lock_guard guard(idle_lock_);
        if (seeks) {
            seekers_.push_back(&self);
            is_sought_.store(true, seq_cst);  // pairs with: free_place()
        }
        waiting_roots_.push_back(root);
    }
    const bool is_free = seeks && free_place_.load(seq_cst) != nullptr;  // pairs with: free_place()
    // From here on close() unparks this thread; if it came before, it is seen here.
    if (is_free) {
        // It is there to be taken.
    } else if (closing_.load(relaxed)) {
        if (!failed_.load(acquire)) { tick_alone(root); }  // pairs with: fail()
    } else if (!root.is_woken()) {
        self.park();
    }
    lock_guard guard(idle_lock_);
    if (seeks) {
        std::erase(seekers_, &self);
        is_sought_.store(!seekers_.empty(), relaxed);
    }
    intrusive_list<thread_cell>::erase(root);
}

/// The workers of a closing executor end, the root goes on: it waits for its timers itself, and if no task is left it
/// makes a paused clock jump to them.
void executor::tick_alone(const thread_cell& root) noexcept {
    std::optional<std::chrono::steady_clock::time_point> first;
    for (const auto& p : places_) {
        drivers_.poll(p->index);
        const auto next = drivers_.next_deadline(p->index);
        if (next && (!first || *next < *first)) { first = next; }
    }
    if (root.is_woken() || (is_empty() && drivers_.may_jump() && drivers_.jump())) { return; }
    if (first) {
        parker::this_thread().park_until(*first);
    } else {
        parker::this_thread().park();
    }
}

executor::left_place executor::leave_place() noexcept {
    context& cx = context_here();
    if (cx.worker == nullptr || &cx.worker->owner != this) { return {}; }
    left_place left{hold(cx, nullptr)};
    place& p = *left.at;
    take_up_work(p);
    p.unlock_list();
    lock_guard guard(idle_lock_);
    left.resident = std::exchange(p.resident, nullptr);
    if (left.resident != nullptr) { left.resident->assigned.store(nullptr, relaxed); }
    left.is_lent = std::exchange(p.is_lent, false);
    if (left.is_lent) { --lent_; }  // its resting thread is free for another place
    if (resting_.size() > lent_) {
        assign_to_resting(p)->unpark();
        return {};
    }
    orphans_.push_back(&p);
    return left;
}

void executor::return_place(const left_place& left) noexcept {
    place& p = *left.at;
    {
        lock_guard guard(idle_lock_);
        if (!take_orphan(p)) { return; }  // a thread that rested has it
        p.resident = left.resident;
        if (p.resident != nullptr) { p.resident->assigned.store(&p, relaxed); }
        p.is_lent = left.is_lent;
        if (p.is_lent) { ++lent_; }
    }
    p.lock_list();
    hold(context_here(), &p);
}

/// False: somebody holds the place.
bool executor::take_orphan(place& p) noexcept { return std::erase(orphans_, &p) != 0; }

void executor::hand_on(place& p) noexcept {
    lock_guard guard(idle_lock_);
    if (resting_.size() > lent_ && take_orphan(p)) { assign_to_resting(p)->unpark(); }
}

/// The place goes to a resting thread, which is to be unparked.
parker* executor::assign_to_resting(place& p) noexcept {
    worker_thread* resident = resting_.back();
    resting_.pop_back();
    p.resident = resident;
    p.sleeper = resident->sleeper;
    resident->assigned.store(&p, release);  // pairs with: thread_main()
    return resident->sleeper;
}

void executor::adopt(place& p) noexcept {
    context& cx = context_here();
    {
        lock_guard guard(idle_lock_);
        if (!take_orphan(p)) { return; }
        p.sleeper = &parker::this_thread();
    }
    p.lock_list();
    p.starts_work();
    place* const worker = hold(cx, &p);
    runtime_core* const runtime = std::exchange(cx.runtime, &core_);
    work(run_limit{.borrowed = true});
    hold(cx, worker);
    cx.runtime = runtime;
}

/// A borrowed place goes to a thread of the executor as soon as one rests that gets no other.
bool executor::give_place_to_resting(place& p) noexcept {
    parker* wake = nullptr;
    {
        lock_guard guard(idle_lock_);
        if (resting_.size() <= lent_) { return false; }
    }
    take_up_work(p);
    p.unlock_list();
    {
        lock_guard guard(idle_lock_);
        if (resting_.size() > lent_) { wake = assign_to_resting(p); }
    }
    if (wake == nullptr) {
        p.lock_list();
        return false;
    }
    hold(context_here(), nullptr);
    wake->unpark();
    return true;
}

}  // namespace edo::detail
