/// What the spawn functions accept.
#pragma once

#include <edo/task/detail/judge.hpp>
#include <edo/task/static_reference.hpp>
#include <edo/task/unchecked.hpp>

#include <type_traits>

namespace edo {

/// Whether `spawn(f, args...)` is accepted. `F` and `Args` are as in `F&& f, Args&&... args`:
/// references for lvalues.
///
/// * `f` is a pointer to a function or member function, a lambda without captures, another function
///   object without members, or an aggregate function object whose members are `owning` and
///   `sendable`. (C++ Core Guidelines CP.51: a lambda that is a coroutine must not capture. The
///   closure may die before the coroutine does; what it captured is better passed as an argument.)
/// * Each argument, decayed, is `owning` and `sendable`, and no string literal.
/// * The call is well-formed with rvalues of the stored copies, and no reference parameter binds a
///   temporary. `const T&` and `T&&` parameters bind the task's own copy; a `T&` takes a
///   `static_ref` or an `unchecked(std::ref(x))` only.
/// * It returns an `edo::task<U>`, where `U` is owning, sendable and not a reference.
///
/// An `edo::task` is spawnable, without arguments, if its result is. What is wrapped in `unchecked`
/// counts as owning and sendable. Use this concept, not a requires-expression around a call, to ask
/// beforehand.
///
/// Cannot see     what `owning` and `sendable` cannot; a temporary that a reference parameter of a
///                generic lambda or of an overloaded call operator would bind.
template <class F, class... Args>
concept spawnable = std::same_as<detail::verdict<detail::k_send, F, Args...>, detail::accepted>;

/// Whether `spawn_local(f, args...)` is accepted: as `spawnable`, but nothing needs to be sendable,
/// since a local task stays on its thread.
template <class F, class... Args>
concept spawnable_local =
    std::same_as<detail::verdict<detail::k_local, F, Args...>, detail::accepted>;

/// Whether `spawn_blocking(f, args...)` is accepted: as `spawnable`, but `f` is a plain function and
/// its result any owning and sendable type.
template <class F, class... Args>
concept spawnable_blocking =
    std::same_as<detail::verdict<detail::k_blocking, F, Args...>, detail::accepted>;

}  // namespace edo

namespace edo::detail {

/// Whether a scope may spawn it: sendable, but borrowing and capturing as it likes.
template <class F, class... Args>
concept spawnable_in_scope = std::same_as<verdict<k_scope, F, Args...>, accepted>;

}  // namespace edo::detail
