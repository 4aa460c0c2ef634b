#include "coro/context_here.hpp"
#include "time/driver.hpp"

#include <edo/task/detail/runtime_core.hpp>
#include <edo/task/errors.hpp>
#include <edo/task/yield_now.hpp>
#include <edo/time/interval.hpp>

#include <stdexcept>

/// Sleep, interval and the functions on the clock, in terms of the time driver.
namespace edo {
namespace {

/// t + d, time_point::max() if that does not fit.
clock::time_point later(clock::time_point t, clock::duration d) noexcept {
    return t > clock::time_point::max() - d ? clock::time_point::max() : t + d;
}

}  // namespace

clock::time_point clock::now() noexcept {
    if (detail::runtime_core* core = detail::context_here().runtime) { return core->time().now(); }
    return time_point(std::chrono::steady_clock::now().time_since_epoch());
}

bool sleep::arm(detail::suspension& waiter) {
    detail::runtime_core& core = detail::current_runtime("edo::sleep", {});
    entry_.waiter = &waiter;
    const auto here = core.timer_place();
    core.time().add(entry_, here.shard, here.is_own);
    return true;
}

bool sleep::remove() noexcept { return std::exchange(entry_.shard, nullptr)->remove(entry_); }

clock::duration interval::positive(clock::duration period, const std::source_location& where) {
    if (period <= clock::duration::zero()) {
        throw std::invalid_argument(detail::at_line(where) +
                                    "edo::interval: the period must be greater than zero");
    }
    return period;
}

clock::time_point interval::take() noexcept {
    sleep_.disarm();
    const clock::time_point scheduled = sleep_.deadline();
    const clock::time_point now = clock::now();
    clock::time_point next = later(scheduled, period_);
    // A tick that is late by less than the granularity of timers counts as punctual, as in Tokio.
    if (now > scheduled + std::chrono::milliseconds(5)) {
        if (behavior_ == missed_tick::delay) {
            next = later(now, period_);
        } else if (behavior_ == missed_tick::skip) {
            next = later(now, period_ - (now - scheduled) % period_);
        }
    }
    sleep_.reset(next);
    return scheduled;
}

namespace detail {
namespace {

time_driver& current_time(const char* function, const std::source_location& where) {
    return current_runtime(function, where).time();
}

}  // namespace

clock::time_point deadline_after(std::chrono::nanoseconds d) noexcept {
    const clock::time_point now = clock::now();
    return d >= clock::time_point::max() - now ? clock::time_point::max() : now + d;
}

task<> advance_clock(std::chrono::nanoseconds d, std::source_location where) {
    current_time("edo::time::advance", where).advance(d, where);
    co_await yield_now();
}

}  // namespace detail

namespace time {

void pause(std::source_location where) {
    detail::current_time("edo::time::pause", where).pause(where);
}
void resume(std::source_location where) {
    detail::current_time("edo::time::resume", where).resume(where);
}

}  // namespace time
}  // namespace edo
