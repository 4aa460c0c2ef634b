/// Those who wait for something, first come first served: the base of the simpler primitives.
#pragma once

#include <edo/base/detail/intrusive_list.hpp>
#include <edo/base/detail/mutex.hpp>
#include <edo/coro/detail/leaf.hpp>
#include <edo/coro/detail/wake_list.hpp>
#include <edo/coro/owning.hpp>

#include <cstdint>
#include <utility>

namespace edo::detail {

/// A place in a wait_queue. Guarded by the queue's lock while it is enlisted.
struct queue_place : list_link {
    suspension* waiter = nullptr;
    std::uint64_t generation = 0;  ///< calls of tell_all_if() before it came
    atomic<bool> is_told{false};
    bool is_told_alone = false;  ///< by tell_first()
};

/// A lock, and the list of those who wait. What they wait for changes under the lock, so nobody
/// enlists after the change that would have ended the wait.
class wait_queue {
public:
    wait_queue() noexcept = default;
    wait_queue(const wait_queue&) = delete;
    wait_queue& operator=(const wait_queue&) = delete;

    mutex lock;

    [[nodiscard]] bool empty() const noexcept EDO_REQUIRES(lock) { return places_.empty(); }
    void enlist(queue_place& place, suspension& waiter) noexcept EDO_REQUIRES(lock) {
        enlist(place, waiter, places_);
    }
    /// In another list that the lock guards as well.
    void enlist(queue_place& place, suspension& waiter, intrusive_list<queue_place>& list) noexcept
        EDO_REQUIRES(lock) {
        place.waiter = &waiter;
        place.generation = generation_;
        place.is_told.store(false, relaxed);
        place.is_told_alone = false;
        list.push_back(place);
    }
    /// Takes the first one out of the list, which is not empty.
    [[nodiscard]] claimed tell_first() noexcept EDO_REQUIRES(lock) {
        queue_place& first = *places_.pop_front();
        first.is_told_alone = true;
        return tell(first);
    }
    /// Makes `change` under the lock; if it returns true, takes all who are in the list then. What
    /// `change` returned.
    template <class F>
    bool take_all_if(intrusive_list<queue_place>& told, F change) noexcept EDO_EXCLUDES(lock) {
        lock_guard guard(lock);
        if (!change()) { return false; }
        ++generation_;  // who is in `told` counts as told, also before his turn
        told.splice_back(places_);
        return true;
    }
    /// The same; tells them.
    template <class F>
    bool tell_all_if(F change) noexcept EDO_EXCLUDES(lock) {
        intrusive_list<queue_place> told;
        if (!take_all_if(told, change)) { return false; }
        tell_all(told);
        return true;
    }
    /// Tells all in a list that was taken from the queue, in batches, so that the lock is not held while
    /// they are enqueued.
    void tell_all(intrusive_list<queue_place>& told) noexcept EDO_EXCLUDES(lock) {
        for (bool more = true; more;) {
            wake_list woken;
            {
                lock_guard guard(lock);
                while (!woken.is_full() && !told.empty()) { woken.push(tell(*told.pop_front())); }
                more = !told.empty();
            }
            woken.enqueue();
        }
    }
    /// Takes a place back, wherever it is in line. True: it was told; else `undo` is called under
    /// the lock.
    template <class F>
    bool leave(queue_place& place, F undo) noexcept EDO_EXCLUDES(lock) {
        // Whoever told it has to leave the lock first: it wakes others there.
        if (place.is_told.load(acquire) && lock.is_free()) { return true; }  // pairs with: tell()
        lock_guard guard(lock);
        if (!place.is_linked()) { return true; }
        intrusive_list<queue_place>::erase(place);
        if (place.generation != generation_) { return true; }
        undo();
        return false;
    }

private:
    static claimed tell(queue_place& place) noexcept {
        suspension& waiter = *place.waiter;
        place.is_told.store(true, release);  // pairs with: queue_leaf::was_told()
        return claim(waiter);
    }
    intrusive_list<queue_place> places_ EDO_GUARDED_BY(lock);
    std::uint64_t generation_ EDO_GUARDED_BY(lock) = 0;
};

/// A leaf that waits in a queue. `Derived` supplies
///     bool ready()                 see leaf
///     bool arm(suspension&)        by enlist_if()
///     T    await_resume()          which calls leave()
template <class Derived>
class queue_leaf : public leaf<Derived> {
public:
    explicit queue_leaf(wait_queue& queue) noexcept : queue_(&queue) {}
    queue_leaf(queue_leaf&& other) noexcept : queue_(other.queue_) {}  // nobody is suspended on it
    queue_leaf& operator=(queue_leaf&&) = delete;
    ~queue_leaf() { leave(); }
    void disarm() noexcept { leave(); }

protected:
    /// Takes a place if `waits`, called under the lock, returns true. What it returned.
    template <class F>
    bool enlist_if(suspension& waiter, F waits) noexcept {
        leave();  // after an earlier await of the same leaf
        lock_guard guard(queue_->lock);
        if (!waits()) { return false; }
        queue_->enlist(place_, waiter);
        return is_enlisted_ = true;
    }
    /// The same in a list of its own.
    template <class F>
    bool enlist_if(suspension& waiter, intrusive_list<queue_place>& list, F waits) noexcept {
        leave();
        lock_guard guard(queue_->lock);
        if (!waits()) { return false; }
        queue_->enlist(place_, waiter, list);
        return is_enlisted_ = true;
    }
    [[nodiscard]] bool was_told() const noexcept {
        // acquire: pairs with wait_queue::tell()
        return is_enlisted_ && place_.is_told.load(acquire);
    }
    [[nodiscard]] bool is_enlisted() const noexcept { return is_enlisted_; }
    /// After leave() has returned true: whether it alone was told, not all.
    [[nodiscard]] bool was_told_alone() const noexcept { return place_.is_told_alone; }
    /// Leaves the queue, if it is there. True: it had been told.
    bool leave() noexcept {
        return leave([]() noexcept {});
    }
    template <class F>
    bool leave(F undo) noexcept {
        return std::exchange(is_enlisted_, false) && queue_->leave(place_, undo);
    }

private:
    wait_queue* queue_;
    queue_place place_;
    bool is_enlisted_ = false;
};

/// The same, until `bool ready()` of `Derived` returns true, which changes before the queue is told. It
/// gives nothing, unless `Derived` says more. `Owner` is a pointer to what has the queue, or keeps it.
template <class Derived, class Owner>
class queue_wait : public queue_leaf<Derived> {
public:
    queue_wait(wait_queue& queue, Owner&& owner) noexcept
        : queue_leaf<Derived>(queue), owner_(std::move(owner)) {}
    queue_wait(queue_wait&&) noexcept = default;
    queue_wait& operator=(queue_wait&&) = delete;
    ~queue_wait() { this->leave(); }  // before the owner goes
    [[nodiscard]] bool arm(suspension& waiter) noexcept {
        return this->enlist_if(waiter, [this] { return !static_cast<Derived*>(this)->ready(); });
    }
    void await_resume() noexcept { this->leave(); }

protected:
    Owner owner_;
};

/// Waits until a member function of `Of`, as latch::try_wait(), returns true.
template <class Of, auto IsOver>
class until_leaf : public queue_wait<until_leaf<Of, IsOver>, Of*> {
public:
    using queue_wait<until_leaf, Of*>::queue_wait;
    [[nodiscard]] bool ready() const noexcept { return (this->owner_->*IsOver)(); }
};

}  // namespace edo::detail

namespace edo {

/// It refers to what it waits for.
template <class Of, auto IsOver>
inline constexpr bool enable_owning<detail::until_leaf<Of, IsOver>> = false;

}  // namespace edo
