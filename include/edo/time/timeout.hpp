/// Giving up on something that takes too long.
#pragma once

#include <edo/coro/detail/as_task.hpp>
#include <edo/time/sleep.hpp>

#include <exception>
#include <expected>
#include <optional>

namespace edo {

/// The time was up. As tokio::time::error::Elapsed.
class elapsed : public std::exception {
public:
    /// "deadline has elapsed".
    [[nodiscard]] const char* what() const noexcept override { return "deadline has elapsed"; }
};

namespace detail {

/// `void` stays void, references become reference_wrapper (decision 16).
template <class T>
using timeout_value_t = std::conditional_t<std::is_lvalue_reference_v<T>,
                                           std::reference_wrapper<std::remove_reference_t<T>>, T>;

/// The part of timeout that does not depend on the type of the result: a group of one branch beside
/// a timer, which wakes the waiting branch itself.
class EDO_API timeout_group : public handler, public leaf_base {
public:
    explicit timeout_group(clock::time_point deadline) noexcept : sleep_(deadline) {}
    using leaf_base::await_suspend;
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    template <edo_promise Promise>
    bool await_suspend(std::coroutine_handle<Promise> waiter) {
        return begin(waiter);
    }

    void woken(branch& waiting) noexcept override;
    child_branch* last_child() noexcept override;
    void forget(child_branch& child) noexcept override;
    void child_ended(child_branch& child) noexcept override;
    void child_dropped(child_branch& child) noexcept override;

protected:
    ~timeout_group() = default;
    virtual sink_base& result() noexcept = 0;
    [[nodiscard]] bool is_elapsed() const noexcept { return state_ == state::elapsed; }

private:
    enum class state { starting, waiting, dropping, ended, elapsed };
    bool begin(std::coroutine_handle<> waiter);
    void arm_or_drop() noexcept;
    sleep sleep_;
    std::optional<child_branch> child_;
    branch* parent_ = nullptr;
    state state_ = state::starting;
};

template <class T>
class timeout_awaiter final : public timeout_group {
public:
    timeout_awaiter(clock::time_point deadline, task<T> inner) : timeout_group(deadline) {
        connect(std::move(inner), result_);
    }
    std::expected<timeout_value_t<T>, elapsed> await_resume() {
        if (is_elapsed()) { return std::unexpected(elapsed()); }
        if constexpr (std::is_void_v<T>) {
            result_.take();
            return {};
        } else {
            return std::expected<timeout_value_t<T>, elapsed>(result_.take());
        }
    }

private:
    sink_base& result() noexcept override { return result_; }
    sink<T> result_;
};

}  // namespace detail

/// `co_await timeout(d, x)` awaits x, at most until d from now: std::expected<T, elapsed> with the
/// value of x, or its exception. x is tried first: a value that is ready wins over a deadline that
/// has passed. As tokio::time::timeout.
///
/// Ownership      an rvalue x is taken over, and dropped before this returns `elapsed`; an lvalue
///                (of a droppable leaf or a join_handle) is borrowed and can be awaited again.
/// Cancel safety  that of x. An x that cannot be dropped at once (a foreign awaitable) delays the
///                return until it has completed.
template <class Rep, class Period, class A>
[[nodiscard("co_await it")]] auto timeout(std::chrono::duration<Rep, Period> d, A&& x);

/// The same with a moment instead of a duration.
template <class A>
[[nodiscard("co_await it")]] auto timeout_at(clock::time_point deadline, A&& x) {
    return detail::timeout_awaiter<detail::as_task_value_t<A>>(deadline,
                                                               detail::as_task(std::forward<A>(x)));
}

template <class Rep, class Period, class A>
auto timeout(std::chrono::duration<Rep, Period> d, A&& x) {
    return timeout_at(detail::deadline_after(detail::saturate(d)), std::forward<A>(x));
}

}  // namespace edo
