/// Texts as template arguments.
#pragma once

#include <cstddef>

namespace edo::detail {

/// A string literal as a template argument.
template <std::size_t Size>
struct fixed_text {
    char data[Size]{};

    consteval fixed_text() = default;
    consteval fixed_text(const char (&literal)[Size]) {  // NOLINT(google-explicit-constructor)
        for (std::size_t i = 0; i < Size; ++i) { data[i] = literal[i]; }
    }
};

}  // namespace edo::detail
