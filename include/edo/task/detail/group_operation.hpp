/// What join, try_join and select return, and what they await.
#pragma once

#include <edo/task/detail/branch_group.hpp>

#include <array>
#include <deque>
#include <ranges>
#include <stdexcept>
#include <tuple>
#include <utility>
#include <vector>

namespace edo::detail {

/// A group whose branches have types of their own. `Result` makes the result from the bodies: it has
///     static constexpr branch_group::ends_with condition;
///     static bool (*is_failure_of(const Body&))(const sink_base&);    see group_member
///     static auto take(std::tuple<Bodies...>&, std::size_t decider);
///     static auto take_all(std::deque<Body>&, std::size_t decider);    for ranges
template <class Result, class... A>
class group_awaiter final : public branch_group {
public:
    explicit group_awaiter(bool from_a_random_one, A&&... awaitables)
        : branch_group(Result::condition), bodies_(std::forward<A>(awaitables)...) {
        constexpr std::size_t n = sizeof...(A);
        std::apply(
            [this](auto&... body) {
                std::size_t i = 0;
                ((members_[i].result = &body, members_[i].is_failure = Result::is_failure_of(body),
                  ++i),
                 ...);
            },
            bodies_);
        open(members_, from_a_random_one && n > 1 ? random_below(n) : 0);
    }
    auto await_resume() { return Result::take(bodies_, decider()); }

private:
    std::tuple<branch_body<A>...> bodies_;
    std::array<group_member, sizeof...(A)> members_;
};

/// The awaitables of a group, until it is awaited: rvalues by value, lvalues by reference.
template <class Result, class... A>
class [[nodiscard("co_await it")]] group_operation {
public:
    explicit group_operation(bool from_a_random_one, A&&... awaitables)
        : awaitables_(std::forward<A>(awaitables)...), from_a_random_one_(from_a_random_one) {}
    auto operator co_await() && {
        return std::apply(
            [this](auto&&... a) {
                return group_awaiter<Result, A...>(from_a_random_one_, std::forward<A>(a)...);
            },
            std::move(awaitables_));
    }

private:
    std::tuple<A...> awaitables_;
    bool from_a_random_one_;
};

/// A group of any number of branches that are alike.
template <class Result, class A>
class range_awaiter final : public branch_group {
public:
    range_awaiter(bool from_a_random_one, std::deque<branch_body<A>>&& bodies)
        : branch_group(Result::condition), bodies_(std::move(bodies)), members_(bodies_.size()) {
        for (std::size_t i = 0; i < bodies_.size(); ++i) {
            members_[i].result = &bodies_[i];
            members_[i].is_failure = Result::is_failure_of(bodies_[i]);
        }
        open(members_, from_a_random_one && !bodies_.empty() ? random_below(bodies_.size()) : 0);
    }
    auto await_resume() { return Result::take_all(bodies_, decider()); }

private:
    std::deque<branch_body<A>> bodies_;
    std::vector<group_member> members_;
};

/// The same, until it is awaited.
template <class Result, class A>
class [[nodiscard("co_await it")]] range_operation {
public:
    range_operation(bool from_a_random_one, std::deque<branch_body<A>> bodies)
        : bodies_(std::move(bodies)), from_a_random_one_(from_a_random_one) {}
    auto operator co_await() && {
        return range_awaiter<Result, A>(from_a_random_one_, std::move(bodies_));
    }
    [[nodiscard]] bool empty() const noexcept { return bodies_.empty(); }

private:
    std::deque<branch_body<A>> bodies_;
    bool from_a_random_one_;
};

template <class Result, class... A>
group_operation<Result, held_t<A>...> make_group(bool from_a_random_one, A&&... awaitables) {
    return group_operation<Result, held_t<A>...>(from_a_random_one, std::forward<A>(awaitables)...);
}

/// The elements of a container that is an rvalue are moved; those of other ranges are taken as they
/// are, so the objects in an lvalue container are borrowed.
template <class R>
inline constexpr bool owns_elements =
    !std::is_lvalue_reference_v<R> && !std::ranges::view<std::remove_cvref_t<R>>;
template <class R>
using element_t =
    held_t<std::conditional_t<owns_elements<R>, std::ranges::range_rvalue_reference_t<R>,
                              std::ranges::range_reference_t<R>>>;

template <class Result, class R>
range_operation<Result, element_t<R>> make_range_group(bool from_a_random_one, R&& range) {
    std::deque<branch_body<element_t<R>>> bodies;
    for (auto&& element : range) {
        if constexpr (owns_elements<R>) {
            bodies.emplace_back(std::move(element));
        } else {
            bodies.emplace_back(std::forward<decltype(element)>(element));
        }
    }
    return range_operation<Result, element_t<R>>(from_a_random_one, std::move(bodies));
}

}  // namespace edo::detail
