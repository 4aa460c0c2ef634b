/// Telling tasks that something has happened.
#pragma once

#include <edo/base/detail/intrusive_list.hpp>
#include <edo/base/detail/luck.hpp>
#include <edo/base/detail/mutex.hpp>
#include <edo/coro/detail/leaf.hpp>
#include <edo/coro/detail/wake_list.hpp>
#include <edo/coro/owning.hpp>

#include <cstdint>
#include <source_location>

namespace edo::sync {

class notify;

}  // namespace edo::sync

namespace edo::detail {

/// The place of a `notified` in the queue. Guarded by the lock of its notify while it is enlisted.
struct notify_waiter : list_link {
    enum class kind : unsigned char { none, first, last, all };
    suspension* waiter = nullptr;  ///< who is woken; null: nobody is suspended on it now
    atomic<kind> got{kind::none};  ///< the notification that it has been given
    bool is_last_access = false;   ///< whoever gave it has left the lock before the task can run
};

}  // namespace edo::detail

namespace edo::sync {

/// What notify::notified() gives: `co_await` it, as a temporary or as an lvalue.
///
/// Ownership      movable while nobody is suspended on it; it refers to its notify.
/// Cancel safety  dropping it gives up its place in the queue; a notify_one() or notify_last() that
///                it had been given goes to another waiter.
/// Thread safety  one thread at a time.
class [[nodiscard("co_await it")]] EDO_API notified : public detail::leaf<notified> {
public:
    /// Takes the place in the queue over.
    notified(notified&& other) noexcept;
    notified& operator=(notified&&) = delete;
    ~notified();

    /// Takes a place in the queue of notify_one() without waiting. As Notified::enable.
    ///
    /// Returns        whether it is notified already; then an await completes at once.
    bool enable() noexcept { return ready() || !enlist(nullptr); }

    /// For the await expression.
    [[nodiscard]] bool ready() noexcept;
    /// For the await expression.
    [[nodiscard]] bool arm(detail::suspension& waiter) noexcept { return enlist(&waiter); }
    /// The same, with a look before it suspends.
    [[nodiscard]] bool arm(detail::suspension& waiter, detail::context& cx) noexcept;
    /// Takes the waiter back; the place in the queue stays.
    void disarm() noexcept;
    /// For the await expression.
    void await_resume() noexcept;

private:
    friend class notify;
    enum class stage : unsigned char { fresh, enlisted, holds_permit, done };
    notified(sync::notify& source, std::uint64_t generation) noexcept
        : source_(&source), generation_(generation) {}
    bool enlist(detail::suspension* waiter) noexcept;
    using luck = detail::luck<1024>;
    [[nodiscard]] bool comes_at_once(luck known) noexcept;
    sync::notify* source_;
    std::uint64_t generation_;  ///< notify_waiters() calls before this was made
    detail::notify_waiter place_;
    stage stage_ = stage::fresh;
};

/// Wakes one waiter or all of them, without a value. Stores at most one wake-up for later.
///
///     auto changed = n.notified();               // before the look, so that no change is missed
///     while (!condition()) { co_await std::move(changed); … }
///
/// Thread safety  every member may be called from any thread, with or without a runtime.
/// Lifetime       it must outlive what notified() gave, and the calls of notify_waiters().
/// Memory         what was done before a notify happens before the return of the await it ends.
/// Cost           a wait looks for up to 2 us before it suspends, where that has paid lately: where
///                another thread notifies all the time.
/// Allocation     none.
/// Source         tokio::sync::Notify.
class EDO_API notify {
public:
    notify() noexcept = default;
    notify(const notify&) = delete;
    notify& operator=(const notify&) = delete;

    /// A wait for the next notification. It sees every notify_waiters() from now on, also before it
    /// is awaited; it queues for notify_one() when it is first awaited or enabled.
    [[nodiscard("co_await it")]] sync::notified notified() noexcept;
    /// notified() for a plain thread or a blocking closure. In the same queue.
    ///
    /// Errors         throws std::logic_error inside a task, which must not block.
    void blocking_notified(std::source_location where = std::source_location::current());
    /// Wakes the one that has waited longest. If nobody waits, the next to wait passes at once; any
    /// number of calls meanwhile count as one.
    void notify_one() noexcept;
    /// The same, but wakes the one that has waited shortest.
    void notify_last() noexcept;
    /// Wakes all that notified() has given so far. Stores nothing.
    void notify_waiters() noexcept;

private:
    friend class sync::notified;
    using kind = detail::notify_waiter::kind;
    void notify_single(kind which) noexcept;
    detail::claimed notify_locked(kind which) noexcept EDO_REQUIRES(lock_);
    void remove_locked(detail::notify_waiter& place) noexcept EDO_REQUIRES(lock_);

    detail::atomic<std::uint64_t> word_{0};  ///< generation << 2 | state, see notify.cpp
    detail::mutex lock_;
    /// Of tasks that look before they wait.
    detail::atomic<detail::luck<1024>> luck_{detail::luck<1024>::unlucky()};
    detail::intrusive_list<detail::notify_waiter> waiters_ EDO_GUARDED_BY(lock_);
};

inline bool notified::arm(detail::suspension& waiter, detail::context& cx) noexcept {
    luck known = source_->luck_.load(detail::relaxed);
    if (!known.looks()) {
        source_->luck_.store(known, detail::relaxed);
    } else if (cx.budget != 0 && comes_at_once(known)) {
        detail::spend_budget(cx);
        return false;
    }
    return enlist(&waiter);
}

}  // namespace edo::sync

namespace edo {

/// It refers to its notify.
template <>
inline constexpr bool enable_owning<sync::notified> = false;

}  // namespace edo
