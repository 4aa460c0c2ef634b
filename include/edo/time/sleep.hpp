/// Waiting for a moment.
#pragma once

#include <edo/coro/detail/leaf.hpp>
#include <edo/time/clock.hpp>
#include <edo/time/detail/timer_entry.hpp>

namespace edo {

/// What sleep_for and sleep_until give: `co_await` it, as a temporary or as an lvalue, again after
/// reset(). As tokio::time::Sleep.
///
/// Granularity    1 ms; a deadline is rounded up, never early. One that has passed completes at once.
/// Cancel safety  dropping it while suspended takes the timer back, nothing else.
/// Thread safety  none; it registers with the runtime where it first suspends.
/// Source         hashed and hierarchical timing wheels (Varghese and Lauck, 1987).
class EDO_API sleep : public detail::leaf<sleep> {
public:
    /// Completes at `deadline`. time_point::max(): never.
    explicit sleep(clock::time_point deadline) noexcept { entry_.deadline = deadline; }
    /// Takes the deadline of one that is not being awaited.
    sleep(sleep&& other) noexcept : sleep(other.deadline()) {}
    sleep& operator=(const sleep&) = delete;
    ~sleep() { disarm(); }

    /// When it completes.
    [[nodiscard]] clock::time_point deadline() const noexcept { return entry_.deadline; }
    /// Whether the deadline has passed.
    [[nodiscard]] bool is_elapsed() const noexcept { return clock::now() >= deadline(); }
    /// Moves the deadline; it can be awaited again. Not while it is being awaited.
    void reset(clock::time_point deadline) noexcept {
        disarm();
        entry_.deadline = deadline;
    }

    /// For the await expression.
    [[nodiscard]] bool ready() const noexcept { return is_elapsed(); }
    /// For the await expression. Throws no_runtime_error where no runtime is entered.
    bool arm(detail::suspension& waiter);
    /// For the await expression.
    void await_resume() noexcept { entry_.shard = nullptr; }
    /// Takes the timer back. True: it had fired, and its wake has been given.
    bool disarm() noexcept { return entry_.shard != nullptr && remove(); }

private:
    bool remove() noexcept;
    detail::timer_entry entry_;
};

/// `co_await sleep_for(d)` completes d from now; see sleep. d is counted from the call. Zero and
/// negative ones complete at once, those beyond the range of the clock never.
template <class Rep, class Period>
[[nodiscard("co_await it")]] sleep sleep_for(std::chrono::duration<Rep, Period> d) noexcept {
    return sleep(detail::deadline_after(detail::saturate(d)));
}

/// `co_await sleep_until(t)` completes at t; see sleep.
[[nodiscard("co_await it")]] inline sleep sleep_until(clock::time_point t) noexcept {
    return sleep(t);
}

}  // namespace edo
