/// What join, try_join and select return, and what they await.
#pragma once

#include <edo/task/detail/branch_group.hpp>

#include <array>
#include <ranges>
#include <stdexcept>
#include <tuple>
#include <utility>
#include <vector>

namespace edo::detail {

/// A group whose branches have types of their own: rvalues are held by value, lvalues by reference.
/// `Result` makes the result from the bodies: it has
///     static constexpr branch_group::ends_with condition;
///     static bool (*is_failure_of(const Body&))(const sink_base&);    see group_member
///     static auto take(std::tuple<Bodies...>&, std::size_t decider);
///     static auto take_all(std::vector<Body>&, std::size_t decider);    for ranges
template <class Result, class... A>
class [[nodiscard("co_await it")]] group_operation final : public branch_group {
public:
    explicit group_operation(bool from_a_random_one, A&&... awaitables)
        : branch_group(Result::condition, from_a_random_one),
          bodies_(std::forward<A>(awaitables)...) {}
    group_operation(group_operation&& other)
        : branch_group(std::move(other)), bodies_(std::move(other.bodies_)) {}
    auto operator co_await() && { return operation_awaiter(*this); }

    // For operation_awaiter.
    [[nodiscard]] static bool ready() noexcept { return sizeof...(A) == 0; }
    bool suspend(std::coroutine_handle<> waiter) {
        std::apply(
            [this](auto&... body) {
                std::size_t i = 0;
                (members_[i++].holds(body, Result::is_failure_of(body)), ...);
            },
            bodies_);
        return run(members_, waiter);
    }
    auto take() { return Result::take(bodies_, decider()); }

private:
    std::tuple<branch_body<A>...> bodies_;
    std::array<group_member, sizeof...(A)> members_;
};

/// A group of any number of branches that are alike.
template <class Result, class A>
class [[nodiscard("co_await it")]] range_operation final : public branch_group {
public:
    range_operation(bool from_a_random_one, std::vector<branch_body<A>> bodies)
        : branch_group(Result::condition, from_a_random_one), bodies_(std::move(bodies)) {}
    range_operation(range_operation&&) = default;
    auto operator co_await() && { return operation_awaiter(*this); }

    // For operation_awaiter.
    [[nodiscard]] bool ready() const noexcept { return bodies_.empty(); }
    bool suspend(std::coroutine_handle<> waiter) {
        members_ = std::vector<group_member>(bodies_.size());
        for (std::size_t i = 0; i < bodies_.size(); ++i) {
            members_[i].holds(bodies_[i], Result::is_failure_of(bodies_[i]));
        }
        return run(members_, waiter);
    }
    auto take() { return Result::take_all(bodies_, decider()); }

private:
    std::vector<branch_body<A>> bodies_;
    std::vector<group_member> members_;
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
    std::vector<branch_body<element_t<R>>> bodies;
    if constexpr (std::ranges::sized_range<R>) { bodies.reserve(std::ranges::size(range)); }
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
