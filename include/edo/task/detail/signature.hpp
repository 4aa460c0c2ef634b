/// The parameter types of a callable, where they can be known: not for templates and overload sets.
#pragma once

#include <edo/coro/detail/findings.hpp>

#include <type_traits>

namespace edo::detail {

/// The parameters are not known.
struct no_signature {};

template <class F>
struct parameters_of_function : std::type_identity<no_signature> {};

#define EDO_SIGNATURE(...)                                                                       \
    template <class R, class... P>                                                               \
    struct parameters_of_function<R(P...) __VA_ARGS__> : std::type_identity<type_list<P...>> {}; \
    template <class R, class... P>                                                               \
    struct parameters_of_function<R(P...) __VA_ARGS__ noexcept>                                  \
        : std::type_identity<type_list<P...>> {};
EDO_SIGNATURE()
EDO_SIGNATURE(const)
EDO_SIGNATURE(&)
EDO_SIGNATURE(const&)
EDO_SIGNATURE(&&)
EDO_SIGNATURE(const&&)
#undef EDO_SIGNATURE

template <class F>
struct parameters_of_pointer;
template <class F>
struct parameters_of_pointer<F*> : parameters_of_function<F> {};
template <class F, class C>
struct parameters_of_pointer<F C::*> : parameters_of_function<F> {};

template <class F>
consteval auto find_parameters() {
    if constexpr (std::is_pointer_v<F> || std::is_member_pointer_v<F>) {
        return typename parameters_of_pointer<F>::type{};
    } else if constexpr (requires { &F::operator(); }) {
        return typename parameters_of_pointer<decltype(&F::operator())>::type{};
    } else {
        return no_signature{};
    }
}

/// A `type_list` of the parameters of the callable `F`, or `no_signature`. The object of a member
/// function is not among them.
template <class F>
using parameters_of = decltype(find_parameters<F>());

/// Whether a parameter of type `P` that is given an rvalue `A` refers to `A` (or to what a
/// conversion function of `A` gives), and not to a temporary that dies before the coroutine runs.
template <class P, class A>
inline constexpr bool binds_directly = [] {
    using target = std::remove_reference_t<P>;
    using source = std::remove_reference_t<A>;
    if constexpr (!std::is_reference_v<P> || std::is_convertible_v<source*, target*>) {
        return true;
    } else if constexpr (std::is_class_v<source> || std::is_union_v<source>) {
        return std::is_convertible_v<source, std::remove_const_t<target>&> ||
               requires(source&& s) { static_cast<source&&>(s).operator target&(); };
    } else {
        return false;
    }
}();

/// Whether `P` is a reference through which a parameter could change the task's own copy of `A`.
template <class P, class A>
inline constexpr bool wants_lvalue =
    std::is_lvalue_reference_v<P> && !std::is_const_v<std::remove_reference_t<P>> &&
    !std::is_convertible_v<A, P>;

}  // namespace edo::detail
