/// The words that a refused spawn is explained with. They are types that are never defined: they are
/// template arguments of the refused overload, so the compiler prints them in its error. Clang shows
/// the types; for GCC `refusal_text.hpp` makes a sentence of them.
#pragma once

#include <edo/coro/detail/findings.hpp>

/// The vocabulary of error messages of the spawn functions; nothing here is to be used.
namespace edo::why {

// what is refused
template <int Index, class Type>
struct argument;
template <class Type>
struct callable;
template <int Index, class Type>
struct parameter;
template <class Type>
struct result;
template <class Type, class... Arguments>
struct call;

// the rule that it breaks
template <class Because>
struct is_not_owning;
template <class Because>
struct is_not_sendable;
struct has_captures;
struct has_members_that_cannot_be_seen;
struct cannot_be_copied_into_the_task;
template <class Given>
struct would_refer_to_a_temporary_made_from;
struct is_an_lvalue_reference;
struct has_a_parameter_that_is_an_lvalue_reference;
struct is_not_well_formed;
struct is_not_an_edo_task;
struct is_an_edo_task;
struct is_a_reference;
struct is_a_task_and_takes_no_arguments;
template <class Type>
struct is_not_the_result_type_of_the_set;

// because
template <reason Reason>
struct it_is;
template <class Type>
struct it_holds;
template <int Index, class Type, reason Reason>
struct its_member;
struct it_is_a_string_literal;

// the fix
struct pass_what_it_captures_as_arguments_CP_51;
struct pass_what_owns_the_data_as_std_string_or_std_vector;
struct pass_a_std_string;
struct pass_a_copy_or_a_std_shared_ptr;
struct pass_std_move_of_it;
struct pass_the_arguments_to_the_coroutine;
struct lock_inside_the_task;
struct use_an_allocator_that_owns_its_memory;
struct use_std_shared_ptr;
struct use_spawn_local_or_a_type_that_may_change_threads;
struct use_a_type_that_may_change_threads;
struct use_spawn_for_coroutines;
struct specialise_edo_enable_owning;
struct specialise_edo_enable_sendable;
struct take_it_by_value_or_by_const_reference;
struct take_it_by_value_or_pass_exactly_that_type;
struct check_the_number_and_types_of_the_arguments;
struct return_edo_task;
struct return_it_by_value;
struct return_exactly_that_type;

#if defined(__GNUC__) && !defined(__clang__)
/// A call is refused: `Text` says why.
template <auto Text>
struct refused;
#else
/// A call is refused, since `What` has a `Problem`.
template <class What, class Problem, class Fix>
struct refused;
#endif

}  // namespace edo::why
