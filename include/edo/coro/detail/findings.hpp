/// What looking into a type finds: nothing (`clean`), or the first thing that breaks the rule.
#pragma once

namespace edo::why {

/// Why a type breaks a rule. Compilers print the names in error messages.
enum class reason {
    none,
    a_reference,
    a_raw_pointer,
    a_reference_wrapper,
    an_initializer_list,
    a_view,
    an_iterator,
    a_lock_guard,
    a_lambda_with_captures,
    a_coroutine_handle,
    a_container_with_a_memory_resource,
    a_pointer_with_a_count_that_is_not_atomic,
    declared_so_by_its_author,
    an_aggregate_whose_members_cannot_be_seen,
    count_
};

}  // namespace edo::why

namespace edo::detail {

/// The type of an unspecialised `enable_owning` or `enable_sendable`: nothing was said.
struct automatic {};

template <class... Ts>
struct type_list {};

}  // namespace edo::detail

namespace edo::detail::inspection {

using why::reason;

struct clean {
    static constexpr bool good = true;
};

/// `Inner` breaks the rule (void: its type is not known). It is member number `Member` of `Holder`,
/// if that is not void.
template <reason Why, class Inner, class Holder = void, int Member = -1>
struct bad {
    static constexpr bool good = false;
    static constexpr reason why = Why;
    static constexpr int member = Member;
    using inner = Inner;
    using holder = Holder;
};

/// The rule has no answer for the type itself: it is that of the parts.
struct as_its_parts {};

/// The answer is that of another type.
template <class T>
struct as_for {};

}  // namespace edo::detail::inspection
