/// The rules for what may be spawned, in the order in which they are told. `judge` gives the first
/// one that is broken, as a `broken<What, Problem, Fix>`, or `accepted`.
#pragma once

#include <edo/coro/owning.hpp>
#include <edo/coro/sendable.hpp>
#include <edo/task/detail/invoke_stored.hpp>
#include <edo/task/detail/signature.hpp>
#include <edo/task/detail/why.hpp>

#include <cstddef>
#include <type_traits>
#include <utility>

namespace edo::detail {

/// What a way of spawning asks for.
struct spawn_mode {
    bool owns;       ///< callable, arguments and result are owning
    bool sends;      ///< and sendable
    bool coroutine;  ///< the callable returns an edo::task; else a value
};

inline constexpr spawn_mode k_send{.owns = true, .sends = true, .coroutine = true};
inline constexpr spawn_mode k_local{.owns = true, .sends = false, .coroutine = true};
inline constexpr spawn_mode k_blocking{.owns = true, .sends = true, .coroutine = false};
/// The children of a scope end before what they borrow.
inline constexpr spawn_mode k_scope{.owns = false, .sends = true, .coroutine = true};

struct accepted {};

template <class What, class Problem, class Fix>
struct broken {
    using what = What;
    using problem = Problem;
    using fix = Fix;
};

template <class T>
concept is_broken = !std::is_same_v<T, accepted>;

// --- one value: callable, argument or result -----------------------------------------------------

template <class Found, class T>
consteval auto because() {
    if constexpr (!std::is_void_v<typename Found::holder>) {
        return std::type_identity<
            why::its_member<Found::member, typename Found::holder, Found::why>>{};
    } else if constexpr (std::is_same_v<typename Found::inner, T>) {
        return std::type_identity<why::it_is<Found::why>>{};
    } else {
        return std::type_identity<why::it_holds<typename Found::inner>>{};
    }
}

template <class Found, class T>
using because_t = typename decltype(because<Found, T>())::type;

template <why::reason Why>
consteval auto fix_for_owning() {
    using enum why::reason;
    if constexpr (Why == a_view || Why == an_initializer_list || Why == an_iterator) {
        return std::type_identity<why::pass_what_owns_the_data_as_std_string_or_std_vector>{};
    } else if constexpr (Why == a_lock_guard) {
        return std::type_identity<why::lock_inside_the_task>{};
    } else if constexpr (Why == a_lambda_with_captures) {
        return std::type_identity<why::pass_what_it_captures_as_arguments_CP_51>{};
    } else if constexpr (Why == a_container_with_a_memory_resource) {
        return std::type_identity<why::use_an_allocator_that_owns_its_memory>{};
    } else if constexpr (Why == an_aggregate_whose_members_cannot_be_seen) {
        return std::type_identity<why::specialise_edo_enable_owning>{};
    } else {
        return std::type_identity<why::pass_a_copy_or_a_std_shared_ptr>{};
    }
}

template <why::reason Why, spawn_mode Mode>
consteval auto fix_for_sendable() {
    using enum why::reason;
    if constexpr (Why == a_lock_guard) {
        return std::type_identity<why::lock_inside_the_task>{};
    } else if constexpr (Why == a_pointer_with_a_count_that_is_not_atomic) {
        return std::type_identity<why::use_std_shared_ptr>{};
    } else if constexpr (Why == an_aggregate_whose_members_cannot_be_seen) {
        return std::type_identity<why::specialise_edo_enable_sendable>{};
    } else if constexpr (!Mode.coroutine) {
        return std::type_identity<why::use_a_type_that_may_change_threads>{};
    } else {
        return std::type_identity<why::use_spawn_local_or_a_type_that_may_change_threads>{};
    }
}

template <spawn_mode Mode, class What, class T>
consteval auto judge_value() {
    if constexpr (Mode.owns && !owning_finding<T>::good) {
        using found = owning_finding<T>;
        return broken<What, why::is_not_owning<because_t<found, T>>,
                      typename decltype(fix_for_owning<found::why>())::type>{};
    } else if constexpr (Mode.sends && !sendable_finding<T>::good) {
        using found = sendable_finding<T>;
        return broken<What, why::is_not_sendable<because_t<found, T>>,
                      typename decltype(fix_for_sendable<found::why, Mode>())::type>{};
    } else {
        return accepted{};
    }
}

// --- the callable --------------------------------------------------------------------------------

template <class T>
inline constexpr bool says_nothing_about_owning =
    std::is_same_v<decltype(enable_owning<T>), const automatic>;

template <class T>
inline constexpr bool says_nothing =
    says_nothing_about_owning<T> && std::is_same_v<decltype(enable_sendable<T>), const automatic>;

// `F` and `Arg` are as they were passed: references, if to lvalues.
template <spawn_mode Mode, class F>
consteval auto judge_callable() {
    using stored = std::decay_t<F>;
    using what = why::callable<stored>;
    if constexpr (!std::is_constructible_v<stored, F>) {
        return broken<what, why::cannot_be_copied_into_the_task, why::pass_std_move_of_it>{};
    } else if constexpr (says_nothing<stored> &&
                         (std::is_empty_v<stored> || !std::is_class_v<stored>)) {
        return accepted{};
    } else if constexpr (!Mode.owns || is_unchecked<stored> || is_task<stored>) {
        return judge_value<{.owns = false, .sends = Mode.sends, .coroutine = true}, what, stored>();
    } else if constexpr (is_closure<stored>) {
        return broken<what, why::has_captures, why::pass_what_it_captures_as_arguments_CP_51>{};
    } else if constexpr (!std::is_aggregate_v<stored> && says_nothing_about_owning<stored>) {
        return broken<what, why::has_members_that_cannot_be_seen,
                      why::specialise_edo_enable_owning>{};
    } else {
        return judge_value<Mode, what, stored>();
    }
}

// --- the arguments -------------------------------------------------------------------------------

template <class Arg>
inline constexpr bool is_string_literal = [] {
    using array = std::remove_reference_t<Arg>;
    using character = std::remove_extent_t<array>;
    return std::is_bounded_array_v<array> && std::is_const_v<character> &&
           (std::is_same_v<character, const char> || std::is_same_v<character, const char8_t> ||
            std::is_same_v<character, const char16_t> ||
            std::is_same_v<character, const char32_t> || std::is_same_v<character, const wchar_t>);
}();

template <spawn_mode Mode, int I, class Arg>
consteval auto judge_argument() {
    using stored = std::decay_t<Arg>;
    using what = why::argument<I, stored>;
    if constexpr (Mode.owns && is_string_literal<Arg>) {
        return broken<what, why::is_not_owning<why::it_is_a_string_literal>,
                      why::pass_a_std_string>{};
    } else if constexpr (!std::is_constructible_v<stored, Arg> &&
                         (std::is_move_constructible_v<stored> ||
                          !is_broken<decltype(judge_value<Mode, what, stored>())>)) {
        return broken<what, why::cannot_be_copied_into_the_task, why::pass_std_move_of_it>{};
    } else {
        return judge_value<Mode, what, stored>();
    }
}

template <spawn_mode Mode, int I>
consteval auto judge_arguments() -> accepted {
    return {};
}

template <spawn_mode Mode, int I, class Arg, class... Rest>
consteval auto judge_arguments() {
    using verdict = decltype(judge_argument<Mode, I, Arg>());
    if constexpr (is_broken<verdict>) {
        return verdict{};
    } else {
        return judge_arguments<Mode, I + 1, Rest...>();
    }
}

// --- the call: parameters against stored arguments -----------------------------------------------

template <int I, class P, class A>
consteval auto judge_parameter() {
    using what = why::parameter<I, P>;
    if constexpr (wants_lvalue<P, A>) {
        return broken<what, why::is_an_lvalue_reference,
                      why::take_it_by_value_or_by_const_reference>{};
    } else if constexpr (!binds_directly<P, A> && std::is_convertible_v<A, P>) {
        return broken<what, why::would_refer_to_a_temporary_made_from<A>,
                      why::take_it_by_value_or_pass_exactly_that_type>{};
    } else {
        return accepted{};
    }
}

template <int I, class... A>
consteval auto judge_parameters(type_list<>, type_list<A...>) -> accepted {
    return {};
}

template <int I, class P, class... Ps, class A, class... As>
consteval auto judge_parameters(type_list<P, Ps...>, type_list<A, As...>) {
    using verdict = decltype(judge_parameter<I, P, A>());
    if constexpr (is_broken<verdict>) {
        return verdict{};
    } else {
        return judge_parameters<I + 1>(type_list<Ps...>{}, type_list<As...>{});
    }
}

template <class... P, class... A>
consteval auto judge_signature(type_list<P...> parameters, type_list<A...> arguments) {
    if constexpr (sizeof...(P) != sizeof...(A)) {
        return accepted{};
    } else {
        return judge_parameters<0>(parameters, arguments);
    }
}

template <class... A>
consteval auto judge_signature(no_signature, type_list<A...>) -> accepted {
    return {};
}

// The first argument of a member pointer is the object.
template <class F, class Object, class... A>
    requires std::is_member_pointer_v<F>
consteval auto parameters_given(type_list<Object, A...>) -> type_list<A...> {
    return {};
}

template <class F, class... A>
consteval auto parameters_given(type_list<A...>) -> type_list<A...> {
    return {};
}

template <class F, class... A>
consteval auto judge_call() {
    using verdict =
        decltype(judge_signature(parameters_of<F>{}, parameters_given<F>(type_list<A...>{})));
    if constexpr (is_broken<verdict>) {
        return verdict{};
    } else if constexpr (std::is_invocable_v<F, A...>) {
        return accepted{};
    } else if constexpr (std::is_invocable_v<F, A&...>) {
        return broken<why::callable<F>, why::has_a_parameter_that_is_an_lvalue_reference,
                      why::take_it_by_value_or_by_const_reference>{};
    } else {
        return broken<why::call<F, A...>, why::is_not_well_formed,
                      why::check_the_number_and_types_of_the_arguments>{};
    }
}

// --- the result ----------------------------------------------------------------------------------

template <spawn_mode Mode, class U>
consteval auto judge_value_of_result() {
    if constexpr (std::is_reference_v<U>) {
        return broken<why::result<U>, why::is_a_reference, why::return_it_by_value>{};
    } else {
        return judge_value<Mode, why::result<U>, U>();
    }
}

template <class T>
struct value_of_task;
template <class U>
struct value_of_task<task<U>> : std::type_identity<U> {};

template <spawn_mode Mode, class R>
consteval auto judge_result() {
    if constexpr (!Mode.coroutine) {
        if constexpr (is_task<R>) {
            return broken<why::result<R>, why::is_an_edo_task, why::use_spawn_for_coroutines>{};
        } else {
            return judge_value_of_result<Mode, R>();
        }
    } else if constexpr (!is_task<R>) {
        return broken<why::result<R>, why::is_not_an_edo_task, why::return_edo_task>{};
    } else {
        return judge_value_of_result<Mode, typename value_of_task<R>::type>();
    }
}

// --- all together --------------------------------------------------------------------------------

template <spawn_mode Mode, class F, class... Args>
consteval auto judge_stored() {
    if constexpr (is_task<F> && Mode.coroutine) {
        if constexpr (sizeof...(Args) == 0) {
            return judge_result<Mode, F>();
        } else {
            return broken<why::callable<F>, why::is_a_task_and_takes_no_arguments,
                          why::pass_the_arguments_to_the_coroutine>{};
        }
    } else {
        using call = decltype(judge_call<F, Args...>());
        if constexpr (is_broken<call>) {
            return call{};
        } else {
            return judge_result<Mode, std::invoke_result_t<F, Args...>>();
        }
    }
}

template <spawn_mode Mode, class F, class... Args>
consteval auto judge() {
    using callable = decltype(judge_callable<Mode, F>());
    if constexpr (is_broken<callable>) {
        return callable{};
    } else {
        using arguments = decltype(judge_arguments<Mode, 0, Args...>());
        if constexpr (is_broken<arguments>) {
            return arguments{};
        } else {
            return judge_stored<Mode, unwrapped_t<std::decay_t<F>>,
                                unwrapped_t<std::decay_t<Args>>...>();
        }
    }
}

/// `accepted`, or the first rule that `spawn(f, args...)` breaks.
template <spawn_mode Mode, class F, class... Args>
using verdict = decltype(judge<Mode, F, Args...>());

template <class F, class... Args>
struct result_of_call : stored_result<std::decay_t<F>, std::decay_t<Args>...> {};
template <class F>
    requires is_task<unwrapped_t<std::decay_t<F>>>
struct result_of_call<F> : unwrapped<std::decay_t<F>> {};

/// The `U` of the `edo::task<U>` that the stored copy of `f` returns, called with those of `args`,
/// or of the task that `f` is.
template <class F, class... Args>
using spawn_result_t = typename value_of_task<typename result_of_call<F, Args...>::type>::type;

/// What the stored copy of `f` returns, called with those of `args`.
template <class F, class... Args>
using blocking_result_t = std::remove_cv_t<typename result_of_call<F, Args...>::type>;

template <spawn_mode Mode, class F, class... Args>
consteval auto judged_result() {
    if constexpr (Mode.coroutine) {
        return std::type_identity<spawn_result_t<F, Args...>>{};
    } else {
        return std::type_identity<blocking_result_t<F, Args...>>{};
    }
}

// As judge, for a set of tasks that all return T.
template <spawn_mode Mode, class T, class F, class... Args>
consteval auto judge_as() {
    using found = verdict<Mode, F, Args...>;
    if constexpr (is_broken<found>) {
        return found{};
    } else {
        using result = typename decltype(judged_result<Mode, F, Args...>())::type;
        if constexpr (std::is_same_v<result, T>) {
            return accepted{};
        } else {
            return broken<why::result<result>, why::is_not_the_result_type_of_the_set<T>,
                          why::return_exactly_that_type>{};
        }
    }
}

/// As `verdict`, where the result must be `T`.
template <spawn_mode Mode, class T, class F, class... Args>
using verdict_as = decltype(judge_as<Mode, T, F, Args...>());

}  // namespace edo::detail
