/// Something that is set or not.
#pragma once

#include <edo/coro/detail/thread_cell.hpp>
#include <edo/coro/detail/wait_queue.hpp>
#include <edo/coro/owning.hpp>

#include <source_location>

namespace edo::sync {

class event;

/// What becomes of an event that somebody has waited for.
enum class event_reset : unsigned char {
    manual,     ///< it stays set, for all who wait, until reset()
    automatic,  ///< one wait takes it: set() lets one go on, now or later
};

}  // namespace edo::sync

namespace edo::detail {

/// Waits for an event, and may be given an automatic one.
class event_wait : public queue_wait<event_wait, sync::event*> {
public:
    explicit event_wait(sync::event& source) noexcept;
    event_wait(event_wait&& other) noexcept
        : queue_wait(std::move(other)), has_it_(std::exchange(other.has_it_, false)) {}
    ~event_wait();
    [[nodiscard]] bool ready() noexcept;
    [[nodiscard]] bool arm(suspension& waiter) noexcept;
    void disarm() noexcept { has_it_ = leave() || has_it_; }
    void await_resume() noexcept {
        leave();
        has_it_ = false;
    }

private:
    bool has_it_ = false;  ///< the set event was given to this wait
};

}  // namespace edo::detail

namespace edo::sync {

/// A flag that tasks wait for. Setting it more than once counts once.
///
/// Thread safety  every member may be called from any thread, with or without a runtime.
/// Lifetime       it must outlive its awaiters, and the calls of its members.
/// Memory         what was done before set() happens before the return of the wait that it ends.
/// Allocation     none.
/// Source         the event objects of Windows (CreateEvent); Tokio has none.
class event {
public:
    /// Not set, unless `is_set`.
    explicit event(event_reset kind = event_reset::manual, bool is_set = false) noexcept
        : is_set_(is_set), kind_(kind) {}
    event(const event&) = delete;
    event& operator=(const event&) = delete;

    /// Sets it. Of an automatic one with waiters the first in line goes on, and it stays unset.
    void set() noexcept {
        if (kind_ == event_reset::manual) {
            queue_.tell_all_if([this] {
                is_set_.store(true, detail::release);  // pairs with: is_set()
                return true;
            });
            return;
        }
        detail::claimed woken;
        {
            detail::lock_guard guard(queue_.lock);
            if (queue_.empty()) {
                is_set_.store(true, detail::release);  // pairs with: take()
            } else {
                woken = queue_.tell_first();
            }
        }
        woken.enqueue();
    }
    /// Unsets it.
    void reset() noexcept { is_set_.store(false, detail::relaxed); }
    /// Whether it is set.
    [[nodiscard]] bool is_set() const noexcept {
        return is_set_.load(detail::acquire);  // pairs with: set()
    }
    /// Waits until it is set; takes it, if it is automatic. First come, first served.
    ///
    /// Cancel safety  dropping the awaiter gives up its place; an automatic event that it had been
    ///                given goes to the next in line.
    [[nodiscard("co_await it")]] detail::event_wait wait() noexcept {
        return detail::event_wait(*this);
    }
    /// The same on a plain thread, or in a blocking closure.
    ///
    /// Errors         throws std::logic_error inside a task, which must not block.
    void blocking_wait(std::source_location where = std::source_location::current()) {
        detail::wait_in_thread(wait(), "event::blocking_wait()", where);
    }

private:
    friend class detail::event_wait;
    /// Whether a wait is over.
    bool take() noexcept {
        if (kind_ == event_reset::manual) { return is_set(); }
        // acquire: pairs with set()
        return is_set_.load(detail::relaxed) && is_set_.exchange(false, detail::acquire);
    }
    detail::atomic<bool> is_set_;
    const event_reset kind_;
    detail::wait_queue queue_;
};

}  // namespace edo::sync

namespace edo::detail {

inline event_wait::event_wait(sync::event& source) noexcept : queue_wait(source.queue_, &source) {}
inline event_wait::~event_wait() {
    disarm();
    if (has_it_ && owner_->kind_ == sync::event_reset::automatic) { owner_->set(); }
}
inline bool event_wait::ready() noexcept {
    if (is_enlisted()) { return was_told(); }
    return has_it_ = has_it_ || owner_->take();
}
inline bool event_wait::arm(suspension& waiter) noexcept {
    disarm();
    return !has_it_ && enlist_if(waiter, [this] { return !(has_it_ = owner_->take()); });
}

}  // namespace edo::detail

namespace edo {

/// It refers to its event.
template <>
inline constexpr bool enable_owning<detail::event_wait> = false;

}  // namespace edo
