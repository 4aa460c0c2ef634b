/// The name of a type as the compiler prints it: for messages, and to recognise what C++ has no
/// trait for (a closure type, a template of <ranges> without including <ranges>).
#pragma once

#include <cstddef>
#include <string_view>
#include <type_traits>

namespace edo::detail {

/// What __PRETTY_FUNCTION__ prints around the name, measured once with a known type.
template <class T>
consteval auto pretty_function() {
    return std::string_view(__PRETTY_FUNCTION__);
}

inline constexpr std::size_t k_name_prefix = pretty_function<void>().find("T = ") + 4;

/// The name of `T`. The characters live in static storage.
template <class T>
consteval auto type_name() {
    auto name = pretty_function<T>();
    name.remove_prefix(k_name_prefix);
    name.remove_suffix(1);
    return name;
}

// GCC prints `f()::<lambda(int)>`, Clang `(lambda at file.cpp:1:2)`. A template that has a closure
// among its arguments contains the same words, but deeper.
consteval auto names_a_closure(std::string_view name) -> bool {
    if (name.starts_with("(lambda at")) { return true; }
    int depth = 0;
    for (std::size_t i = 0; i < name.size(); ++i) {
        if (depth == 0 && name.substr(i).starts_with("<lambda(")) { return true; }
        const char c = name[i];
        if (c == '<' || c == '(' || c == '{') {
            ++depth;
        } else if (c == '>' || c == ')' || c == '}') {
            --depth;
        }
    }
    return false;
}

/// Whether `T` is the type of a lambda expression.
template <class T>
inline constexpr bool is_closure = [] {
    if constexpr (std::is_class_v<T> && !std::is_aggregate_v<T>) {
        return names_a_closure(type_name<T>());
    } else {
        return false;
    }
}();

}  // namespace edo::detail
