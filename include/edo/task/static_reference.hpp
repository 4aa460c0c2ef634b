/// References to objects that never die, as arguments of tasks.
#pragma once

#include <edo/coro/owning.hpp>
#include <edo/coro/sendable.hpp>

#include <type_traits>

namespace edo {

/// A reference to an object that lives until the program ends: `&'static T` in Rust. Owning and
/// sendable; converts to `T&`, so it is an argument for a parameter of type `T&`.
///
/// Cannot see     races: tasks that share a `T` that is not const need a mutex or an atomic.
template <class T>
class static_reference {
public:
    /// Trusted. Prefer `static_ref_v`, which is proved.
    constexpr explicit static_reference(T& object) noexcept : object_(&object) {}

    /// The object.
    [[nodiscard]] constexpr auto get() const noexcept -> T& { return *object_; }
    /// The object.
    constexpr operator T&() const noexcept {
        return *object_;
    }  // NOLINT(google-explicit-constructor)
    /// The object.
    constexpr auto operator*() const noexcept -> T& { return *object_; }
    /// The object.
    constexpr auto operator->() const noexcept -> T* { return object_; }

private:
    T* object_;
};

template <class T>
inline constexpr bool enable_owning<static_reference<T>> = true;
template <class T>
inline constexpr bool enable_sendable<static_reference<T>> = sendable<T>;

/// A reference to `Object`, which the compiler has proved to have static storage duration (nothing
/// else can be a template argument).
///
/// Example        `edo::spawn(serve, edo::static_ref_v<config>)`
template <auto& Object>
inline constexpr static_reference<std::remove_reference_t<decltype(Object)>> static_ref_v{Object};

/// A reference to an object that the caller says lives until the program ends, such as a function's
/// static local or an object that is never freed.
template <class T>
[[nodiscard]] constexpr auto static_ref(T& object) noexcept -> static_reference<T> {
    return static_reference<T>(object);
}
template <class T>
void static_ref(const T&&) = delete;

}  // namespace edo
