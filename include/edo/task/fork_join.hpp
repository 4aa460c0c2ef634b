/// The cheapest way to use all workers: coroutines that run in parallel and borrow from their parent.
#pragma once

#include <edo/task/detail/fork_core.hpp>

#include <tuple>
#include <utility>

namespace edo {
namespace detail {

template <class T>
concept fork_result = std::is_void_v<T> || sendable<T>;

template <class... T>
class fork_awaiter final : public fork_core {
public:
    explicit fork_awaiter(task<T>&&... children) : bodies_(std::move(children)...) {
        std::apply(
            [this](auto&... body) {
                std::size_t i = 0;
                (cells_[i++].runs(body), ...);
            },
            bodies_);
        open(cells_);
    }
    auto await_resume() {
        rethrow_first();
        return std::apply(
            [](auto&... body) { return std::tuple<joined_value_t<T>...>{take_joined(body)...}; },
            bodies_);
    }

private:
    std::tuple<branch_body<task<T>>...> bodies_;
    std::array<forked, sizeof...(T)> cells_;
};

/// What fork_join returns, until it is awaited.
template <class... T>
class [[nodiscard("co_await it")]] fork_operation {
public:
    explicit fork_operation(task<T>&&... children) : children_(std::move(children)...) {
        std::apply([](auto&... child) { (check_argument<true>(child, true, {}), ...); }, children_);
    }
    auto operator co_await() && {
        return std::apply([](auto&... child) { return fork_awaiter<T...>(std::move(child)...); },
                          children_);
    }

private:
    std::tuple<task<T>...> children_;
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
