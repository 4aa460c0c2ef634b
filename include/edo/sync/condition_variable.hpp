/// Waiting, with a mutex released meanwhile, for a change of what it protects.
#pragma once

#include <edo/coro/detail/thread_cell.hpp>
#include <edo/coro/detail/wait_queue.hpp>
#include <edo/coro/owning.hpp>
#include <edo/coro/task.hpp>
#include <edo/sync/mutex.hpp>

#include <concepts>
#include <source_location>
#include <stdexcept>

namespace edo::sync {

/// std::condition_variable for tasks, with sync::mutex.
///
///     auto guard = co_await m.lock();
///     co_await changed.wait(guard, [&] { return !guard->empty(); });
///
/// Thread safety  every member may be called from any thread.
/// Lifetime       it must outlive its waits, and the calls of its members.
/// Allocation     the coroutine of a wait.
/// Source         std::condition_variable; Tokio has none.
class condition_variable {
    /// A notification of notify_one() that a wait has been given, until the wait is through.
    class notification {
    public:
        explicit notification(condition_variable& source) noexcept : source_(&source) {}
        notification(const notification&) = delete;
        notification& operator=(const notification&) = delete;
        ~notification() {
            if (is_held) { source_->notify_one(); }  // the wait was dropped
        }
        bool is_held = false;

    private:
        condition_variable* source_;
    };
    template <class Guard>
    class unlock_and_wait : public detail::queue_leaf<unlock_and_wait<Guard>> {
    public:
        unlock_and_wait(condition_variable& source, Guard& guard, notification& got) noexcept
            : detail::queue_leaf<unlock_and_wait>(source.queue_), guard_(&guard), got_(&got) {}
        ~unlock_and_wait() { disarm(); }
        [[nodiscard]] bool ready() const noexcept { return false; }
        [[nodiscard]] bool arm(detail::suspension& waiter) noexcept {
            this->enlist_if(waiter, [] { return true; });
            guard_->unlock();
            return true;
        }
        void disarm() noexcept {
            if (this->leave()) { got_->is_held = this->was_told_alone(); }
        }
        void await_resume() noexcept { disarm(); }

    private:
        Guard* guard_;
        notification* got_;
    };

public:
    condition_variable() noexcept = default;
    condition_variable(const condition_variable&) = delete;
    condition_variable& operator=(const condition_variable&) = delete;

    /// Unlocks, waits for a notification that comes after that, locks again. There are no wake-ups
    /// without a notification; but others may have had the lock in between.
    ///
    /// guard          holds its mutex, and does so again when this completes. It must live meanwhile.
    /// Errors         throws std::logic_error if the guard holds nothing.
    /// Cancel safety  dropped, the guard holds nothing; a notification that was given to this wait goes
    ///                to the next in line.
    template <class T, class Owner>
    task<> wait(basic_mutex_guard<T, Owner>& guard) {
        const Owner owner = owner_of(guard);
        notification got(*this);
        unlock_and_wait told(*this, guard, got);
        co_await told;
        guard = co_await lock_again<T, Owner>(owner);
        got.is_held = false;
    }
    /// Waits until `is_done()`, called with the lock held, returns true.
    template <class T, class Owner, class Predicate>
    task<> wait(basic_mutex_guard<T, Owner>& guard, Predicate is_done) {
        while (!is_done()) { co_await wait(guard); }
    }
    /// wait() for a plain thread or a blocking closure. In the same queue.
    ///
    /// Errors         throws std::logic_error inside a task, which must not block, and if the guard holds
    ///                nothing.
    template <class T, class Owner>
    void blocking_wait(basic_mutex_guard<T, Owner>& guard,
                       std::source_location where = std::source_location::current()) {
        constexpr const char* function = "condition_variable::blocking_wait()";
        const Owner owner = owner_of(guard);
        notification got(*this);
        detail::wait_in_thread(unlock_and_wait(*this, guard, got), function, where);
        guard = detail::wait_in_thread(lock_again<T, Owner>(owner), function, where);
        got.is_held = false;
    }
    /// The same until `is_done()`, called with the lock held, returns true.
    template <class T, class Owner, class Predicate>
        requires std::predicate<Predicate&>
    void blocking_wait(basic_mutex_guard<T, Owner>& guard, Predicate is_done,
                       std::source_location where = std::source_location::current()) {
        while (!is_done()) { blocking_wait(guard, where); }
    }
    /// Lets the one go on that has waited longest. Without one nothing happens.
    void notify_one() noexcept {
        detail::claimed woken;
        {
            detail::lock_guard lock(queue_.lock);
            if (!queue_.empty()) { woken = queue_.tell_first(); }
        }
        woken.enqueue();
    }
    /// Lets all go on that wait now.
    void notify_all() noexcept {
        queue_.tell_all_if([] { return true; });
    }

private:
    template <class T, class Owner>
    static Owner owner_of(const basic_mutex_guard<T, Owner>& guard) {
        if (!guard.owns_lock()) {
            throw std::logic_error(
                "edo: condition_variable: a wait with a guard that holds nothing");
        }
        return guard.owner();
    }
    template <class T, class Owner>
    static auto lock_again(const Owner& owner) {
        return detail::lock_leaf<basic_mutex_guard<T, Owner>, Owner>(owner->semaphore_, 1,
                                                                     Owner(owner));
    }
    detail::wait_queue queue_;
};

}  // namespace edo::sync
