/// The way around the `owning` and `sendable` rules.
#pragma once

#include <edo/coro/owning.hpp>
#include <edo/coro/sendable.hpp>

#include <type_traits>
#include <utility>

namespace edo {

/// What `unchecked` makes: a value that no spawn function looks into.
template <class T>
struct unchecked_t {
    /// What is passed on without a check.
    T value;
};

template <class T>
inline constexpr bool enable_owning<unchecked_t<T>> = true;
template <class T>
inline constexpr bool enable_sendable<unchecked_t<T>> = true;

/// The escape hatch from the `owning` and `sendable` rules, for a callable, an argument or a task:
/// "I know that what this refers to outlives the task". Every spawn function accepts it and takes
/// the value out before the call. Search a program for `unchecked` to find what was not proved.
///
/// Returns        a copy of `value` (moved if it is an rvalue; arrays and functions decay).
/// Lifetime       an unchecked lambda with captures lives as long as its task.
/// Cannot do      make a reference parameter bind a temporary, or a result a reference: these are
///                refused still, since they can never be right.
template <class T>
[[nodiscard]] constexpr auto unchecked(T&& value) -> unchecked_t<std::decay_t<T>> {
    return {std::forward<T>(value)};
}

}  // namespace edo
