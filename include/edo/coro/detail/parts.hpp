/// What a type consists of, as far as its public face tells: the elements of arrays, pairs, tuples
/// and variants, what a smart pointer, an optional or a container holds, the arguments of a range
/// adaptor. The standard headers that are slow to compile (<memory>, <ranges>, <functional>,
/// <mutex>) are not included: their types are known by their members or their names, and with them
/// the types of other libraries that look alike.
#pragma once

#include <edo/coro/detail/findings.hpp>
#include <edo/coro/detail/task_fwd.hpp>
#include <edo/coro/detail/type_name.hpp>

#include <concepts>
#include <coroutine>
#include <initializer_list>
#include <span>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

namespace boost {
template <class T>
class local_shared_ptr;
}

namespace edo::detail {

template <class T>
inline constexpr bool is_task = false;
template <class T>
inline constexpr bool is_task<task<T>> = true;

}  // namespace edo::detail

namespace edo::detail::inspection {

template <class T>
concept is_complete = requires { sizeof(T); };

template <class T>
inline constexpr bool is_local_shared_ptr = false;
template <class T>
inline constexpr bool is_local_shared_ptr<boost::local_shared_ptr<T>> = true;

template <class T>
inline constexpr bool is_initializer_list = false;
template <class T>
inline constexpr bool is_initializer_list<std::initializer_list<T>> = true;

template <class T>
inline constexpr bool is_coroutine_handle = false;
template <class T>
inline constexpr bool is_coroutine_handle<std::coroutine_handle<T>> = true;

/// std::reference_wrapper, boost::reference_wrapper: one type parameter, and get() gives it.
template <class T>
inline constexpr bool is_reference_wrapper = false;
template <template <class> class W, class T>
    requires requires(const W<T>& w) {
        typename W<T>::type;
        { w.get() } -> std::same_as<T&>;
    }
inline constexpr bool is_reference_wrapper<W<T>> = true;

/// lock_guard, unique_lock, shared_lock. A scoped_lock of several mutexes has no member type.
template <class T>
concept lock_guard =
    requires { typename T::mutex_type; } || type_name<T>().starts_with("std::scoped_lock<");

template <class T>
concept smart_pointer = requires(T& p) { typename T::element_type; } &&
                        (requires(T& p) { p.get(); } || requires(T& p) { p.lock(); });

template <class T>
concept container = requires(T& c) {
    typename T::value_type;
    c.begin();
    c.end();
};

/// std::optional, std::expected, std::atomic.
template <class T>
concept value_wrapper = requires { typename T::value_type; } &&
                        (requires(T& w) { w.has_value(); } || requires(T& w) { w.load(); });

/// Holds a std::pmr::polymorphic_allocator or its like, which refers to a memory resource.
template <class T>
concept uses_memory_resource = requires(const typename T::allocator_type& a) { a.resource(); };

/// Near enough to std::input_or_output_iterator, for which <iterator> would be needed.
template <class T>
concept iterator_class = requires(T& i) {
    *i;
    { ++i } -> std::same_as<T&>;
    i++;
};

/// The directory iterators share the ownership of what they walk through.
template <class T>
concept directory_iterator =
    requires { typename T::value_type; } && type_name<T>().starts_with("std::filesystem::") &&
    type_name<T>().ends_with("directory_iterator");

template <class T>
concept view_class = std::ranges::enable_view<T> || std::ranges::enable_borrowed_range<T>;

/// A view of <ranges> that owns or borrows as its template arguments do.
template <class T>
inline constexpr bool is_range_adaptor = [] {
    constexpr auto name = type_name<T>();
    return name.starts_with("std::ranges::") && !name.starts_with("std::ranges::ref_view<") &&
           !name.starts_with("std::ranges::subrange<") &&
           !name.starts_with("std::ranges::basic_istream_view<");
}();

/// std::unique_ptr<FILE, closer>: what the pointers in there point to is the deleter's business.
template <class T>
concept wraps_c_struct =
    requires { typename T::deleter_type; } &&
    !type_name<typename T::deleter_type>().starts_with("std::default_delete<") &&
    is_complete<typename T::element_type> && std::is_aggregate_v<typename T::element_type>;

struct no_parts {};

template <class... A, class... B>
consteval auto operator+(type_list<A...>, type_list<B...>) -> type_list<A..., B...> {
    return {};
}

template <class T>
inline constexpr auto template_arguments = no_parts{};
template <template <class...> class C, class... Ts>
inline constexpr auto template_arguments<C<Ts...>> = type_list<Ts...>{};
template <template <class, auto> class C, class T, auto V>
inline constexpr auto template_arguments<C<T, V>> = type_list<T>{};

template <class T>
inline constexpr bool is_product_or_sum = false;
template <class A, class B>
inline constexpr bool is_product_or_sum<std::pair<A, B>> = true;
template <class... Ts>
inline constexpr bool is_product_or_sum<std::tuple<Ts...>> = true;
template <class... Ts>
inline constexpr bool is_product_or_sum<std::variant<Ts...>> = true;

/// Deleters, comparisons, hash functions: what holders keep beside their elements.
template <class T>
consteval auto companions() {
    if constexpr (requires { typename T::key_compare; }) {
        return type_list<typename T::key_compare>{};
    } else if constexpr (requires {
                             typename T::hasher;
                             typename T::key_equal;
                         }) {
        return type_list<typename T::hasher, typename T::key_equal>{};
    } else if constexpr (requires { typename T::deleter_type; }) {
        return type_list<typename T::deleter_type>{};
    } else if constexpr (requires { typename T::error_type; }) {
        return type_list<typename T::error_type>{};
    } else {
        return type_list<>{};
    }
}

/// A `type_list` of the types that `T` consists of, `no_parts` if only its members can tell.
template <class T>
consteval auto parts_of() {
    if constexpr (std::is_array_v<T>) {
        return type_list<std::remove_extent_t<T>>{};
    } else if constexpr (is_product_or_sum<T>) {
        return template_arguments<T>;
    } else if constexpr (container<T> || value_wrapper<T>) {
        if constexpr (view_class<T> && is_range_adaptor<T>) {
            return template_arguments<T>;
        } else {
            return type_list<typename T::value_type>{} + companions<T>();
        }
    } else if constexpr (smart_pointer<T>) {
        if constexpr (wraps_c_struct<T>) {
            return companions<T>();
        } else {
            return type_list<typename T::element_type>{} + companions<T>();
        }
    } else if constexpr (requires { typename T::container_type; }) {
        return type_list<typename T::container_type>{};
    } else if constexpr (is_range_adaptor<T>) {
        return template_arguments<T>;
    } else {
        return no_parts{};
    }
}

}  // namespace edo::detail::inspection
