/// Giving up on something that takes too long.
#pragma once

#include <edo/coro/detail/branch_body.hpp>
#include <edo/coro/detail/group_child.hpp>
#include <edo/time/sleep.hpp>

#include <exception>
#include <expected>

namespace edo {

/// The time was up. As tokio::time::error::Elapsed.
class elapsed : public std::exception {
public:
    /// "deadline has elapsed".
    [[nodiscard]] const char* what() const noexcept override { return "deadline has elapsed"; }
};

namespace detail {

/// The part of timeout that does not depend on the type of the result: a group of one branch beside
/// a timer, which wakes the waiting branch itself.
class EDO_API timeout_group : public handler {
public:
    void woken(branch& waiting) noexcept override;
    child_branch* last_child() noexcept override;
    void forget(child_branch& child) noexcept override;
    void child_ended(child_branch& child) noexcept override;
    void child_dropped(child_branch& child) noexcept override;

protected:
    /// `is_ahead`: the deadline had not passed at the call, so nobody looks before the timer is set.
    timeout_group(clock::time_point deadline, bool is_ahead) noexcept
        : sleep_(deadline), is_ahead_(is_ahead) {}
    /// Of one that has not begun.
    timeout_group(timeout_group&& other) noexcept
        : timeout_group(other.sleep_.deadline(), other.is_ahead_) {}
    timeout_group& operator=(const timeout_group&) = delete;
    ~timeout_group() = default;
    /// Starts the branch of `body`, and suspends the parent at `waiter`. False: it can go on. Throws
    /// std::logic_error if it is an empty task, as it is the second time; std::bad_alloc.
    bool run(sink_base& body, std::coroutine_handle<> waiter);
    [[nodiscard]] bool is_elapsed() const noexcept { return state_ == state::elapsed; }

private:
    enum class state { starting, waiting, dropping, ended, elapsed };
    void arm_or_drop() noexcept;
    sleep sleep_;
    group_child child_;
    branch* parent_ = nullptr;
    state state_ = state::starting;
    bool is_ahead_;
};

/// What timeout returns.
template <class A>
class [[nodiscard("co_await it")]] timeout_operation final : public timeout_group {
    using value = typename branch_body<A>::result_type;

public:
    timeout_operation(clock::time_point deadline, bool is_ahead, A&& awaitable)
        : timeout_group(deadline, is_ahead), body_(std::forward<A>(awaitable)) {}
    timeout_operation(timeout_operation&&) = default;
    auto operator co_await() && { return operation_awaiter(*this); }

    // For operation_awaiter.
    [[nodiscard]] static bool ready() noexcept { return false; }
    bool suspend(std::coroutine_handle<> waiter) { return run(body_, waiter); }
    auto take() {
        using result =
            std::expected<std::conditional_t<std::is_void_v<value>, void, joined_value_t<value>>,
                          elapsed>;
        if (is_elapsed()) { return result(std::unexpect); }
        if constexpr (std::is_void_v<value>) {
            body_.take();
            return result();
        } else {
            return result(take_joined(body_));
        }
    }

private:
    branch_body<A> body_;
};

}  // namespace detail

/// `co_await timeout(d, x)` awaits x, at most until d from now: std::expected<T, elapsed> with the
/// value of x, or its exception. x is tried first: a value that is ready wins over a deadline that
/// has passed. As tokio::time::timeout.
///
/// Ownership      an rvalue x is taken over, and dropped before this returns `elapsed`; an lvalue
///                (of a droppable leaf or a join_handle) is borrowed and can be awaited again.
/// Lifetime       what this returns can be moved until it is awaited, once; then it stays until the await ends.
/// Granularity    as of sleep. A deadline that passes before x has suspended for the first time is noticed
///                when the runtime looks at its timers next.
/// Cancel safety  that of x. An x that cannot be dropped at once (a foreign awaitable) delays the
///                return until it has completed.
template <class Rep, class Period, class A>
[[nodiscard("co_await it")]] auto timeout(std::chrono::duration<Rep, Period> d, A&& x);

/// The same with a moment instead of a duration.
template <class A>
[[nodiscard("co_await it")]] auto timeout_at(clock::time_point deadline, A&& x) {
    return detail::timeout_operation<detail::held_t<A>>(deadline, false, std::forward<A>(x));
}

template <class Rep, class Period, class A>
auto timeout(std::chrono::duration<Rep, Period> d, A&& x) {
    const std::chrono::nanoseconds length = detail::saturate(d);
    return detail::timeout_operation<detail::held_t<A>>(detail::deadline_after(length),
                                                        length > std::chrono::nanoseconds::zero(),
                                                        std::forward<A>(x));
}

}  // namespace edo
