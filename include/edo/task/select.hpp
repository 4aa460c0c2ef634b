/// Whichever comes first, inside one task.
#pragma once

#include <edo/task/detail/group_operation.hpp>

#include <variant>

namespace edo {
namespace detail {

/// The result of the branch that ended first.
struct select_result {
    static constexpr auto condition = branch_group::ends_with::first;
    static auto is_failure_of(const sink_base&) noexcept -> bool (*)(const sink_base&) {
        return nullptr;
    }
    template <class... Body>
    static auto take(std::tuple<Body...>& bodies, std::size_t winner) {
        using result = std::variant<joined_value_t<typename Body::result_type>...>;
        return take_from<result>(bodies, winner, std::index_sequence_for<Body...>());
    }
    template <class A>
    static auto take_all(std::vector<branch_body<A>>& bodies, std::size_t winner) {
        using value = joined_value_t<typename branch_body<A>::result_type>;
        if (winner == branch_group::nobody) { throw_empty_task(); }
        return std::pair<std::size_t, value>(winner, take_joined(bodies[winner]));
    }

private:
    template <class Result, class Bodies, std::size_t First, std::size_t... Rest>
    static Result take_from(Bodies& bodies, std::size_t winner,
                            std::index_sequence<First, Rest...>) {
        if constexpr (sizeof...(Rest) != 0) {
            if (winner != First) {
                return take_from<Result>(bodies, winner, std::index_sequence<Rest...>());
            }
        }
        return Result(std::in_place_index<First>, take_joined(std::get<First>(bodies)));
    }
};

template <class R>
auto select_range(bool from_a_random_one, R&& range) {
    auto operation = make_range_group<select_result>(from_a_random_one, std::forward<R>(range));
    if (operation.ready()) {
        throw std::invalid_argument("edo::select_all of an empty range would never end");
    }
    return operation;
}

}  // namespace detail

/// `co_await select(x, y, …)` awaits all of them at once, in turns within this task, until the first
/// has ended: its result, or its exception. The others are dropped before this goes on, and before
/// they could run again: what they would have taken (a message, a lock) goes to others. As
/// tokio::select!, but each branch is made once: a select in a loop continues what it is given as
/// lvalues.
///
/// x, y, …        one or more: tasks (rvalues), join_handles, any awaitable. Rvalues are taken over;
///                lvalues of droppable leaves and join_handles are borrowed: if they lose they can be
///                awaited again, but a place in a queue (of a lock, of a semaphore) is given up. They may
///                refer to whatever lives as long as this await.
/// Result         std::variant, whose index() is the position of the winner also where types repeat;
///                std::monostate for void, std::reference_wrapper for references.
/// Fairness       starts at a random one, then in order: what is ready at once wins in turns.
/// Cancel safety  dropped, it drops them all. A branch that cannot be dropped at once (a foreign
///                awaitable) is waited for.
/// Lifetime       what this returns can be moved until it is awaited, once; then it stays until the await ends.
/// Allocation     none besides the coroutines of the tasks; std::bad_alloc, once in a task.
/// Thread safety  awaited by one task.
template <class... A>
    requires(sizeof...(A) != 0)
[[nodiscard("co_await it")]] auto select(A&&... awaitables) {
    return detail::make_group<detail::select_result>(true, std::forward<A>(awaitables)...);
}

/// The same, started in order: of several that are ready at once the first wins. As
/// tokio::select! with `biased`.
template <class... A>
    requires(sizeof...(A) != 0)
[[nodiscard("co_await it")]] auto select_biased(A&&... awaitables) {
    return detail::make_group<detail::select_result>(false, std::forward<A>(awaitables)...);
}

/// select() of the elements of a range: std::pair of the winner's position and its result. The
/// elements of a container given as an rvalue are taken over, those of an lvalue borrowed. Throws
/// std::invalid_argument if the range is empty. As futures::future::select_all.
template <std::ranges::input_range R>
[[nodiscard("co_await it")]] auto select_all(R&& range) {
    return detail::select_range(true, std::forward<R>(range));
}

/// The same, started in order: of several that are ready at once the first wins.
template <std::ranges::input_range R>
[[nodiscard("co_await it")]] auto select_all_biased(R&& range) {
    return detail::select_range(false, std::forward<R>(range));
}

}  // namespace edo
