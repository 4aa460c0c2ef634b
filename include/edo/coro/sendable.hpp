/// The rule that a task may change threads: `sendable`, what `Send` is in Rust.
#pragma once

#include <edo/coro/detail/inspect.hpp>

#include <type_traits>

namespace edo {

/// The user's word on `sendable<T>`. Specialise it, before `T` is first asked about, as bool:
///
///     template <>
///     inline constexpr bool edo::enable_sendable<gl_context> = false;   // bound to its thread
///
/// It decides: neither members nor template arguments are looked at then.
template <class T>
inline constexpr detail::automatic enable_sendable{};

}  // namespace edo

namespace edo::detail::inspection {

struct sendable_rule {
    template <class T>
    static consteval auto said() {
        return enable_sendable<T>;
    }

    template <class T>
    static consteval auto look() {
        if constexpr (std::is_reference_v<T>) {
            return as_for<std::remove_reference_t<T>>{};
        } else if constexpr (std::is_pointer_v<T>) {
            return as_for<std::remove_pointer_t<T>>{};
        } else if constexpr (std::is_array_v<T>) {
            return as_its_parts{};
        } else if constexpr (is_local_shared_ptr<T>) {
            return bad<reason::a_pointer_with_a_count_that_is_not_atomic, T>{};
        } else if constexpr (!is_complete<T>) {
            return clean{};
        } else {
            return look_at_class<T>();
        }
    }

private:
    template <class T>
    static consteval auto look_at_class() {
        if constexpr (std::is_union_v<T> || std::is_empty_v<T> || is_task<T> || is_closure<T>) {
            return clean{};
        } else if constexpr (is_reference_wrapper<T>) {
            return as_for<typename T::type>{};
        } else if constexpr (lock_guard<T>) {
            return bad<reason::a_lock_guard, T>{};
        } else {
            return as_its_parts{};
        }
    }
};

}  // namespace edo::detail::inspection

namespace edo::detail {

template <class T>
using sendable_finding = decltype(inspection::inspect<inspection::sendable_rule, T>());

}  // namespace edo::detail

namespace edo {

/// Whether a `T` may be used on another thread than the one that made it: `Send` in Rust. A task
/// of a multi-threaded runtime moves between threads, so its arguments and its result must be
/// sendable.
///
/// True by default. False for what says so (`enable_sendable`), as `edo::rc`, `edo::local_set` and
/// the handles of local tasks do; for lock guards, which must be released by the thread that took
/// the lock; for `boost::local_shared_ptr`; and for references, pointers, arrays, pairs, tuples,
/// optionals, variants, expecteds, smart pointers, containers, range adaptors and aggregates that
/// lead to one of these.
///
/// Cannot see     private members, classes that are not aggregates, the captures of lambdas,
///                unions, aggregate members after the 32nd, `T&&` members, types that are
///                incomplete where first asked about; what `std::function`,
///                `std::move_only_function`, `std::any` or `std::unique_ptr<base>` hide. They are
///                trusted; say `enable_sendable<T> = false` for a class that is bound to a thread.
///                An aggregate whose members the compiler cannot list is refused until
///                `enable_sendable` says so. Whether two threads use what a `shared_ptr` shares at
///                the same time is not a question about types in C++ (Rust has `Sync` for it).
///                Locals of a coroutine are invisible, too. An `edo::task` is sendable here: its own
///                parameters are checked when it is spawned.
/// See            The Rust Reference, "Special types and traits: Send"; C++ Core Guidelines CP.51.
template <class T>
concept sendable = detail::sendable_finding<T>::good;

}  // namespace edo
