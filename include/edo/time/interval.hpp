/// Ticks at a fixed period.
#pragma once

#include <edo/time/sleep.hpp>

#include <source_location>

namespace edo {

/// What an interval does when a tick was taken late. As tokio::time::MissedTickBehavior.
enum class missed_tick {
    burst,  ///< catch up: the missed ticks come at once (default)
    delay,  ///< the next tick is one period after the late one was taken
    skip,   ///< the next tick is the next multiple of the period that lies ahead
};

/// Gives a tick every period; the first at its start. As tokio::time::Interval.
///
/// Cancel safety  a dropped tick() loses no tick.
/// Thread safety  none.
class EDO_API interval {
public:
    class tick_leaf;
    /// First tick now, then every `period`. Throws std::invalid_argument if it is not positive.
    template <class Rep, class Period>
    explicit interval(std::chrono::duration<Rep, Period> period,
                      std::source_location where = std::source_location::current())
        : interval(clock::now(), period, where) {}
    /// First tick at `start`.
    template <class Rep, class Period>
    interval(clock::time_point start, std::chrono::duration<Rep, Period> period,
             std::source_location where = std::source_location::current())
        : sleep_(start), period_(positive(detail::saturate(period), where)) {}

    /// `co_await iv.tick()` waits for the next tick and gives the moment it was scheduled for.
    [[nodiscard("co_await it")]] tick_leaf tick() noexcept;
    /// The next tick comes one period from now.
    void reset() noexcept { reset_after(period_); }
    /// The next tick comes now, the others one period after each other.
    void reset_immediately() noexcept { reset_at(clock::now()); }
    /// The next tick comes `d` from now.
    template <class Rep, class Period>
    void reset_after(std::chrono::duration<Rep, Period> d) noexcept {
        reset_at(detail::deadline_after(detail::saturate(d)));
    }
    /// The next tick comes at `t`.
    void reset_at(clock::time_point t) noexcept { sleep_.reset(t); }
    /// The period.
    [[nodiscard]] clock::duration period() const noexcept { return period_; }
    /// What happens after a late tick.
    [[nodiscard]] missed_tick missed_tick_behavior() const noexcept { return behavior_; }
    /// Sets what happens after a late tick.
    void set_missed_tick(missed_tick behavior) noexcept { behavior_ = behavior; }

private:
    static clock::duration positive(clock::duration period, const std::source_location& where);
    clock::time_point take() noexcept;
    sleep sleep_;
    clock::duration period_;
    missed_tick behavior_ = missed_tick::burst;
};

/// The awaiter of interval::tick().
class interval::tick_leaf : public detail::leaf<tick_leaf> {
public:
    /// Waits for the next tick of `owner`, which must outlive it.
    explicit tick_leaf(interval& owner) noexcept : owner_(&owner) {}
    ~tick_leaf() { disarm(); }
    /// Takes the timer back; it can be awaited again.
    void disarm() noexcept { owner_->sleep_.disarm(); }
    /// For the await expression.
    [[nodiscard]] bool ready() const noexcept { return owner_->sleep_.ready(); }
    /// For the await expression.
    bool arm(detail::suspension& waiter) { return owner_->sleep_.arm(waiter); }
    /// For the await expression.
    clock::time_point await_resume() noexcept { return owner_->take(); }

private:
    interval* owner_;
};

inline interval::tick_leaf interval::tick() noexcept { return tick_leaf(*this); }

/// An interval whose first tick comes at `start`.
template <class Rep, class Period>
[[nodiscard]] interval interval_at(clock::time_point start,
                                   std::chrono::duration<Rep, Period> period,
                                   std::source_location where = std::source_location::current()) {
    return interval(start, period, where);
}

}  // namespace edo
