/// The clock of timers; in tests it can stand still and be moved.
#pragma once

#include <edo/coro/task.hpp>

#include <chrono>
#include <ratio>
#include <source_location>
#include <type_traits>

namespace edo {

/// A steady clock that follows the paused clock of the runtime it is read in. Elsewhere it is
/// std::chrono::steady_clock.
class clock {
public:
    using duration = std::chrono::nanoseconds;          ///< its unit
    using rep = duration::rep;                          ///< a count of nanoseconds
    using period = duration::period;                    ///< one nanosecond
    using time_point = std::chrono::time_point<clock>;  ///< a moment
    static constexpr bool is_steady = true;             ///< it never goes back

    /// The present moment of the runtime that is entered on this thread. Any thread.
    [[nodiscard]] EDO_API static time_point now() noexcept;
};

namespace detail {

/// A duration in nanoseconds, rounded up; what does not fit becomes the largest value, negative
/// ones become zero.
template <class Rep, class Period>
constexpr std::chrono::nanoseconds saturate(std::chrono::duration<Rep, Period> d) noexcept {
    using std::chrono::nanoseconds;
    // Compared in a type that can hold either: not in 32 bits, nor in integers if the unit is not a
    // multiple of the nanosecond.
    constexpr bool is_whole = std::ratio_divide<Period, std::nano>::den == 1;
    using rep = std::common_type_t<Rep, nanoseconds::rep>;
    using wide = std::chrono::duration<
        std::conditional_t<is_whole || std::is_floating_point_v<Rep>, rep, long double>, Period>;
    const wide given(d);
    if (!(given > wide::zero())) { return nanoseconds::zero(); }
    if (given >= std::chrono::duration_cast<wide>(nanoseconds::max())) {
        return nanoseconds::max();
    }
    return std::chrono::ceil<nanoseconds>(given);
}

/// Now plus a duration; time_point::max() if that does not fit.
EDO_API clock::time_point deadline_after(std::chrono::nanoseconds d) noexcept;
EDO_API task<> advance_clock(std::chrono::nanoseconds d, std::source_location where);

}  // namespace detail

/// The clock of a current-thread runtime in tests: tokio::time::pause and its kin.
namespace time {

/// Stops the clock of the current-thread runtime that is entered. From then on it jumps to the next
/// timer whenever nothing else can run (and no blocking closure runs). Throws std::logic_error on a
/// multi-thread runtime and if the clock is paused already, no_runtime_error outside a runtime.
EDO_API void pause(std::source_location where = std::source_location::current());
/// Lets the clock run again from where it stands. Throws std::logic_error if it is not paused.
EDO_API void resume(std::source_location where = std::source_location::current());
/// `co_await advance(d)` moves the paused clock on by d (>= 0) at once and fires the timers that are
/// due, then yields. Throws std::logic_error if the clock is not paused.
template <class Rep, class Period>
[[nodiscard("co_await it")]] task<> advance(
    std::chrono::duration<Rep, Period> d,
    std::source_location where = std::source_location::current()) {
    return detail::advance_clock(detail::saturate(d), where);
}

}  // namespace time
}  // namespace edo
