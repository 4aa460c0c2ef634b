/// The cheapest way to use all workers: coroutines that run in parallel and borrow from their parent.
#pragma once

#include <edo/coro/detail/branch_body.hpp>
#include <edo/task/detail/fork_core.hpp>

#include <array>
#include <tuple>
#include <utility>

namespace edo {
namespace detail {

template <class T>
concept fork_result = std::is_void_v<T> || sendable<T>;

/// What fork_join returns, until it is awaited; then all that a fork needs lies in it.
template <class... T>
class [[nodiscard("co_await it")]] fork_operation final : public fork_core {
public:
    /// Of tasks that have been checked.
    explicit fork_operation(task<T>&&... coroutines)
        : results_(handle_of(task_access::release(std::move(coroutines)))...) {
        make_children();
    }
    fork_operation(fork_operation&& other) noexcept
        : fork_operation(other, std::index_sequence_for<T...>()) {}
    ~fork_operation() {
        if (is_trivial && is_plain()) { return; }
        std::destroy_at(&children_);
        std::destroy_at(&results_);
    }
    auto operator co_await() && {
        if constexpr (sizeof...(T) != 0) {
            if (!std::get<0>(results_).child) { throw_empty_task(); }
        }
        return operation_awaiter(*this);
    }

    // For operation_awaiter.
    bool ready() {
        std::apply(
            [this](auto&... result) {
                std::size_t i = 0;
                (children_[i++].belongs_to(*this, result), ...);
            },
            results_);
        if constexpr (sizeof...(T) == 0) {
            return true;
        } else if constexpr (sizeof...(T) == 2) {
            return run(std::span<fork_child, 2>(children_));
        } else {
            return run(std::span<fork_child>(children_));
        }
    }
    using fork_core::suspend;
    std::tuple<joined_value_t<T>...> take() {
        if (!is_plain()) { rethrow_first(); }
        return std::apply(
            [](auto&... result) {
                return std::tuple<joined_value_t<T>...>{joined_result<T>(result)...};
            },
            results_);
    }

private:
    static constexpr bool is_trivial = (std::is_trivially_destructible_v<joined_value_t<T>> && ...);
    using children = std::array<fork_child, sizeof...(T)>;

    template <std::size_t... I>
    fork_operation(fork_operation& other, std::index_sequence<I...>) noexcept
        : results_(std::exchange(std::get<I>(other.results_).child, {})...) {
        make_children();
    }
    void make_children() noexcept {
        ::new (static_cast<void*>(&children_)) children;
    }  // not zeroed

    union {
        std::tuple<sink<T>...> results_;
    };
    union {
        children children_;
    };
};

}  // namespace detail

namespace why {
struct fork_join_takes_tasks_as_rvalues_so_call_the_coroutine_here;
struct the_result_of_a_forked_child_is_not_sendable;
}  // namespace why

/// `auto [a, b] = co_await fork_join(x(), y());` runs the coroutines in parallel, on the workers of the
/// runtime, waits for all of them and gives their results by position: std::tuple, with std::monostate
/// for void and std::reference_wrapper for references. They may borrow whatever lives as long as this
/// await.
///
/// x, y, …        tasks (rvalues); their parameters and results must be sendable, also behind references.
/// Concurrency    the first one runs at once inside the parent, the others after it, unless an idle worker
///                takes them before. So a fork costs little more than a call, and divide and conquer may
///                fork down to small pieces. On a worker whose other tasks or timers wait the children are
///                queued behind these. In a local task, and on a thread that is no worker, all are queued.
/// Identity       the children are part of the task that forks: its id, name and task-locals. To let each
///                be a task of its own use scope().
/// Exceptions     the one that came first aborts the other children; when they have ended it is thrown
///                again. no_runtime_error, send_error (a parameter is not sendable).
/// Cancel safety  when this is dropped, or its task aborted, the children are aborted and waited for; only
///                then are the frames of this task destroyed. An abort is noticed at the awaits that
///                suspend, and from time to time by forks.
/// Allocation     none besides the coroutines of the children; std::bad_alloc, once in a task.
/// Limits         a local_set cannot be driven by a child; let it spawn a task for that.
/// Thread safety  awaited by one task. Source: Blumofe and Leiserson, "Scheduling Multithreaded
///                Computations by Work Stealing" (1999); as rayon::join.
template <detail::fork_result... T>
[[nodiscard("co_await it")]] auto fork_join(task<T>&&... children) {
    (detail::check_argument<true>(children, true, {}), ...);
    return detail::fork_operation<T...>(std::move(children)...);
}
/// What is refused, in the words of the compiler's message.
template <class... A, class Why = why::fork_join_takes_tasks_as_rvalues_so_call_the_coroutine_here>
    requires(!(detail::is_a_task<A> && ...))  // of an lvalue A is a reference
task<> fork_join(A&&...) = delete;
template <class... T, class Why = why::the_result_of_a_forked_child_is_not_sendable>
    requires(!(detail::fork_result<T> && ...))
task<> fork_join(task<T>&&...) = delete;

}  // namespace edo
