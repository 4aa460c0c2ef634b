/// The rule that a task borrows nothing: `owning`, what `'static` is in Rust.
#pragma once

#include <edo/coro/detail/inspect.hpp>

#include <type_traits>

namespace edo {

/// The user's word on `owning<T>`. Specialise it, before `T` is first asked about, as bool:
///
///     template <>
///     inline constexpr bool edo::enable_owning<my_view> = false;   // it refers to something else
///     template <class T>
///     inline constexpr bool edo::enable_owning<arena_ptr<T>> = true;  // the arena is immortal
///
/// It decides: neither members nor template arguments are looked at then.
template <class T>
inline constexpr detail::automatic enable_owning{};

}  // namespace edo

namespace edo::detail::inspection {

struct owning_rule {
    template <class T>
    static consteval auto said() {
        return enable_owning<T>;
    }

    template <class T>
    static consteval auto look() {
        if constexpr (std::is_reference_v<T>) {
            return bad<reason::a_reference, T>{};
        } else if constexpr (std::is_pointer_v<T>) {
            if constexpr (std::is_function_v<std::remove_pointer_t<T>>) {
                return clean{};
            } else {
                return bad<reason::a_raw_pointer, T>{};
            }
        } else if constexpr (std::is_array_v<T>) {
            return as_its_parts{};
        } else if constexpr (!is_complete<T>) {
            return clean{};
        } else {
            return look_at_class<T>();
        }
    }

private:
    template <class T>
    static consteval auto look_at_class() {
        if constexpr (std::is_union_v<T> || std::is_empty_v<T> || is_task<T>) {
            return clean{};
        } else if constexpr (is_initializer_list<T>) {
            return bad<reason::an_initializer_list, T>{};
        } else if constexpr (is_coroutine_handle<T>) {
            return bad<reason::a_coroutine_handle, T>{};
        } else if constexpr (is_reference_wrapper<T>) {
            return bad<reason::a_reference_wrapper, T>{};
        } else if constexpr (view_class<T>) {
            return look_at_view<T>();
        } else if constexpr (lock_guard<T>) {
            return bad<reason::a_lock_guard, T>{};
        } else if constexpr (is_closure<T>) {
            return bad<reason::a_lambda_with_captures, T>{};
        } else if constexpr (uses_memory_resource<T>) {
            return bad<reason::a_container_with_a_memory_resource, T>{};
        } else if constexpr (iterator_class<T> && !directory_iterator<T>) {
            return bad<reason::an_iterator, T>{};
        } else {
            return as_its_parts{};
        }
    }

    template <class T>
    static consteval auto look_at_view() {
        if constexpr (is_range_adaptor<T>) {
            return as_its_parts{};
        } else {
            return bad<reason::a_view, T>{};
        }
    }
};

}  // namespace edo::detail::inspection

namespace edo::detail {

template <class T>
using owning_finding = decltype(inspection::inspect<inspection::owning_rule, T>());

}  // namespace edo::detail

namespace edo {

/// Whether a `T` borrows nothing that can die before it: what `T: 'static` is in Rust. A spawned
/// task outlives the function that spawned it, so its arguments and its result must be owning.
///
/// False for references, raw pointers (not pointers to functions and members), reference wrappers,
/// `std::string_view`, `std::span`, `std::initializer_list`, borrowed ranges and views, iterators,
/// lock guards, coroutine handles, lambdas with captures, containers with a memory resource, and
/// for arrays, pairs, tuples, optionals, variants, expecteds, smart pointers, containers, range
/// adaptors and aggregates that hold one of these. True otherwise.
///
/// Cannot see     private members, classes that are not aggregates, unions, aggregate members
///                after the 32nd, `T&&` members, types that are incomplete where first asked about;
///                what `std::function`, `std::move_only_function`, `std::any`,
///                `std::unique_ptr<base>` or an aliasing `std::shared_ptr` hide; an aggregate (a C
///                struct) in a `std::unique_ptr` with a deleter of its own. They are trusted;
///                say `enable_owning<T> = false` for a class that refers to something. An aggregate
///                whose members the compiler cannot list is refused until `enable_owning` says so.
///                Locals of a coroutine are invisible to C++. An `edo::task` is owning here: its
///                own parameters are checked when it is spawned.
/// See            The Rust Reference, "Trait and lifetime bounds"; std::thread::spawn;
///                C++ Core Guidelines CP.51, CP.53.
template <class T>
concept owning = detail::owning_finding<T>::good;

}  // namespace edo
