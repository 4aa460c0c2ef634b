/// What a coroutine's parameters tell about it. The type `task<T>` does not name them, so the
/// promise, which `std::coroutine_traits` tells their types, keeps a pointer to a record.
#pragma once

#include <edo/coro/detail/type_name.hpp>
#include <edo/coro/owning.hpp>
#include <edo/coro/sendable.hpp>

#include <cstddef>
#include <string_view>
#include <type_traits>

namespace edo::detail {

/// The first parameter that is not owning and the first that is not sendable. A member function's
/// object (or a lambda's closure) is parameter 0; it looks like any reference.
struct parameter_record {
    bool borrows = false;
    std::size_t borrow_index = 0;
    std::string_view borrow_type{};
    bool not_sendable = false;
    std::size_t send_index = 0;
    std::string_view send_type{};
};

template <class T>
concept has_call_operator = requires { &T::operator(); } || is_closure<T>;

/// A reference to a lambda without captures, or to another function object without members, refers
/// to nothing that could die.
template <class P>
consteval auto refers_to_stateless_callable() -> bool {
    using object = std::remove_cvref_t<P>;
    if constexpr (std::is_reference_v<P> && std::is_class_v<object>) {
        if constexpr (std::is_empty_v<object>) { return has_call_operator<object>; }
    }
    return false;
}

template <class P>
inline constexpr bool parameter_owns = [] {
    if constexpr (std::is_reference_v<P>) {
        return refers_to_stateless_callable<P>();
    } else {
        return owning<P>;
    }
}();

template <class... Params>
consteval auto make_record() -> parameter_record {
    parameter_record record;
    std::size_t index = 0;
    const auto add = [&](bool owns, bool sends, std::string_view type) {
        if (!owns && !record.borrows) {
            record.borrows = true;
            record.borrow_index = index;
            record.borrow_type = type;
        }
        if (!sends && !record.not_sendable) {
            record.not_sendable = true;
            record.send_index = index;
            record.send_type = type;
        }
        ++index;
    };
    (add(parameter_owns<Params>, sendable<Params>, type_name<Params>()), ...);
    return record;
}

template <class... Params>
inline constexpr parameter_record k_record = make_record<Params...>();

/// Whether a coroutine with these parameters may be spawned anywhere.
template <class... Params>
inline constexpr bool breaks_no_rule = ((parameter_owns<Params> && sendable<Params>) && ...);

/// The record of a coroutine whose parameters `std::coroutine_traits` lists as `Params`; null if
/// all of them are owning and sendable. Ask where the parameters' types are complete: a closure is
/// not where its own body first names the promise, but is in the promise's constructor.
template <class... Params>
constexpr auto record_of() noexcept -> const parameter_record* {
    if constexpr (breaks_no_rule<Params...>) {
        return nullptr;
    } else {
        return &k_record<Params...>;
    }
}

}  // namespace edo::detail
