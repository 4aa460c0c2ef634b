/// The second overload of every spawn function, which makes one readable error of a refused call:
///
///     template <class F, class... Args>
///         requires spawnable<F, Args...>
///     auto spawn(F&& f, Args&&... args) -> join_handle<detail::spawn_result_t<F, Args...>>;
///
///     template <class F, class... Args,
///               class Why = detail::refusal<"edo::spawn", detail::k_send, F, Args...>>
///     auto spawn(F&&, Args&&...);
///
/// `refusal` is not well-formed for a call that is accepted. Else it is a type that says what is
/// wrong. The overload has no body to deduce its result from, so the compiler reports the call
/// itself, once, and its template arguments with it: the words of why.hpp on Clang, a sentence on
/// GCC. A variable or a co_await that depends on the call adds no error of its own, and in a
/// requires-expression the call is merely not well-formed.
#pragma once

#include <type_traits>

#include <edo/task/detail/fixed_text.hpp>
#include <edo/task/detail/judge.hpp>
#if defined(__GNUC__) && !defined(__clang__)
#include <edo/task/detail/refusal_text.hpp>
#endif
#include <edo/task/detail/why.hpp>

namespace edo::detail {

template <fixed_text Function, class Verdict>
struct refusal_of {};
#if defined(__GNUC__) && !defined(__clang__)
template <fixed_text Function, class... Words>
struct refusal_of<Function, broken<Words...>>
    : std::type_identity<why::refused<message<Function, broken<Words...>>()>> {};
#else
template <fixed_text Function, class... Words>
struct refusal_of<Function, broken<Words...>> : std::type_identity<why::refused<Words...>> {};
#endif

/// Why `Mode` refuses the call. `Function` is the name that the message starts with.
template <fixed_text Function, spawn_mode Mode, class F, class... Args>
using refusal = typename refusal_of<Function, verdict<Mode, F, Args...>>::type;

/// The same for a set of tasks that all return `T`.
template <fixed_text Function, spawn_mode Mode, class T, class F, class... Args>
using refusal_as = typename refusal_of<Function, verdict_as<Mode, T, F, Args...>>::type;

}  // namespace edo::detail
