/// The second overload of every spawn function, which makes one readable error of a refused call:
///
///     template <class F, class... Args>
///         requires spawnable<F, Args...>
///     auto spawn(F&& f, Args&&... args) -> join_handle<detail::spawn_result_t<F, Args...>>;
///
///     template <class F, class... Args,
///               class Why = detail::refusal<"edo::spawn", detail::k_send, F, Args...>>
///     auto spawn(F&&, Args&&...) -> Why EDO_REFUSED;
///
/// `refusal` is not well-formed for a call that is accepted. Else it is a type that is never defined
/// and that says what is wrong; the compiler names it in its error, at the line of the call, once: a
/// variable or a co_await that depends on the call adds no error of its own. In a
/// requires-expression the call is merely not well-formed.
#pragma once

#include <type_traits>

#include <edo/task/detail/fixed_text.hpp>
#include <edo/task/detail/judge.hpp>
#if defined(__GNUC__) && !defined(__clang__)
#include <edo/task/detail/refusal_text.hpp>
#endif
#include <edo/task/detail/why.hpp>

// GCC must find the refused overload deleted, or it complains as well that a function whose
// arguments are of local types (lambdas) has no body. For Clang it must not be: Clang would print
// that it is deleted, and not why.
#if defined(__GNUC__) && !defined(__clang__)
#define EDO_REFUSED = delete
#else
#define EDO_REFUSED
#endif

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

/// The return type of the overload for the calls that `Mode` refuses. `Function` is the name that
/// the message starts with.
template <fixed_text Function, spawn_mode Mode, class F, class... Args>
using refusal = typename refusal_of<Function, verdict<Mode, F, Args...>>::type;

}  // namespace edo::detail
