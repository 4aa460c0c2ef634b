/// Several things at once, inside one task.
#pragma once

#include <edo/task/detail/group_operation.hpp>

#include <expected>

namespace edo {
namespace detail {

template <class T>
struct error_of : std::type_identity<void> {};
template <class T, class E>
struct error_of<std::expected<T, E>> : std::type_identity<E> {};

/// Rethrows the exception of the branch that failed first, if it has one.
template <class... Body>
void rethrow_of(std::tuple<Body...>& bodies, std::size_t failed) {
    std::size_t i = 0;
    const auto look = [&](sink_base& body) {
        if (i++ == failed && body.error) { body.rethrow(); }
    };
    std::apply([&](Body&... body) { (look(body), ...); }, bodies);
}

/// What every join gives: the results by position, or the exception that came first.
template <branch_group::ends_with Condition>
struct join_result {
    static constexpr auto condition = Condition;
    static auto is_failure_of(const sink_base&) noexcept -> bool (*)(const sink_base&) {
        return nullptr;
    }
    template <class... Body>
    static auto take(std::tuple<Body...>& bodies, std::size_t failed) {
        rethrow_of(bodies, failed);
        return std::apply(
            [](Body&... body) {
                return std::tuple<joined_value_t<typename Body::result_type>...>{
                    take_joined(body)...};
            },
            bodies);
    }
    template <class A>
    static auto take_all(std::vector<branch_body<A>>& bodies, std::size_t failed) {
        using result = typename branch_body<A>::result_type;
        if (failed != branch_group::nobody) { bodies[failed].rethrow(); }
        if constexpr (!std::is_void_v<result>) {
            std::vector<joined_value_t<result>> values;
            values.reserve(bodies.size());
            for (auto& body : bodies) { values.push_back(take_joined(body)); }
            return values;
        }
    }
};

/// The same where all results are std::expected<T, Error>: an error is a failure, too.
template <class Error>
struct try_join_result {
    static constexpr auto condition = branch_group::ends_with::failure;
    template <class Body>
    static auto is_failure_of(const Body&) noexcept -> bool (*)(const sink_base&) {
        return [](const sink_base& body) {
            using slot = sink<typename Body::result_type>;
            return body.error != nullptr || !static_cast<const slot&>(body).peek().has_value();
        };
    }
    template <class Body>
    using value_t = joined_value_t<typename Body::result_type::value_type>;

    template <class... Body>
    static auto take(std::tuple<Body...>& bodies, std::size_t failed) {
        using result = std::expected<std::tuple<value_t<Body>...>, Error>;
        rethrow_of(bodies, failed);
        return std::apply(
            [failed](Body&... body) -> result {
                if (failed == branch_group::nobody) {
                    return std::tuple<value_t<Body>...>{value_of(body)...};
                }
                std::size_t i = 0;
                std::optional<Error> error;
                ((i++ == failed ? void(error.emplace(body.take().error())) : void()), ...);
                return std::unexpected(std::move(*error));
            },
            bodies);
    }
    template <class A>
    static auto take_all(std::vector<branch_body<A>>& bodies, std::size_t failed) {
        using body = branch_body<A>;
        using value = typename body::result_type::value_type;
        using values = std::conditional_t<std::is_void_v<value>, void, std::vector<value_t<body>>>;
        using result = std::expected<values, Error>;
        if (failed != branch_group::nobody) {
            return result(std::unexpect, bodies[failed].take().error());
        }
        if constexpr (std::is_void_v<value>) {
            return result();
        } else {
            result all;
            all->reserve(bodies.size());
            for (auto& each : bodies) { all->push_back(value_of(each)); }
            return all;
        }
    }

private:
    template <class Body>
    static value_t<Body> value_of(Body& body) {
        auto result = body.take();
        if constexpr (std::is_void_v<typename Body::result_type::value_type>) {
            return {};
        } else {
            return std::move(*result);
        }
    }
};

template <class First, class... Rest>
constexpr bool share_an_error =
    !std::is_void_v<typename error_of<First>::type> &&
    (std::is_same_v<typename error_of<First>::type, typename error_of<Rest>::type> && ...);

/// How the results of try_join go together.
template <class... T>
struct try_join_of : std::type_identity<join_result<branch_group::ends_with::failure>> {};
template <class First, class... Rest>
    requires share_an_error<First, Rest...>
struct try_join_of<First, Rest...>
    : std::type_identity<try_join_result<typename error_of<First>::type>> {};
template <class... A>
using try_join_of_t = typename try_join_of<typename branch_body<A>::result_type...>::type;

}  // namespace detail

/// `co_await join(x, y, …)` awaits all of them at once, in turns within this task, and gives their
/// results by position: std::tuple, with std::monostate for void and std::reference_wrapper for
/// references. As tokio::join!.
///
/// x, y, …        tasks (rvalues), join_handles, any awaitable: rvalues are taken over, lvalues
///                borrowed. They may refer to whatever lives as long as this await.
/// Concurrency    one of them runs at a time, on the thread that runs this task; to use several
///                threads spawn them. They start in order, at once. All share the task's budget.
/// Exceptions     all run to their ends; then the exception that came first is thrown again.
/// Cancel safety  dropped, it drops them all, the last one first.
/// Lifetime       what this returns can be moved until it is awaited, once; then it stays until the await ends.
/// Allocation     none besides the coroutines of the tasks; std::bad_alloc, once in a task.
/// Thread safety  awaited by one task.
template <class... A>
[[nodiscard("co_await it")]] auto join(A&&... awaitables) {
    return detail::make_group<detail::join_result<detail::branch_group::ends_with::all>>(
        false, std::forward<A>(awaitables)...);
}

/// The same until the first failure: the others are dropped then, at once. A failure is an exception,
/// which is thrown again; and, where all results are std::expected with one type of errors, an
/// error: then this gives `std::expected<std::tuple<...>, E>`. As tokio::try_join!.
template <class... A>
[[nodiscard("co_await it")]] auto try_join(A&&... awaitables) {
    return detail::make_group<detail::try_join_of_t<detail::held_t<A>...>>(
        false, std::forward<A>(awaitables)...);
}

/// join() of the elements of a range, which may be empty: std::vector of the results in the order of
/// the range; void if these are void. The elements of a container given as an rvalue are taken over,
/// those of an lvalue borrowed. As futures::future::join_all.
template <std::ranges::input_range R>
[[nodiscard("co_await it")]] auto join_all(R&& range) {
    return detail::make_range_group<detail::join_result<detail::branch_group::ends_with::all>>(
        false, std::forward<R>(range));
}

/// try_join() of the elements of a range. As futures::future::try_join_all.
template <std::ranges::input_range R>
[[nodiscard("co_await it")]] auto try_join_all(R&& range) {
    return detail::make_range_group<detail::try_join_of_t<detail::element_t<R>>>(
        false, std::forward<R>(range));
}

}  // namespace edo
