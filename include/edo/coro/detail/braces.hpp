/// `T{ {}, {}, last }` for any number of `{}`. A pack expansion cannot make an empty brace, so the
/// numbers are written out, by macros that do not leave this file.
#pragma once

#include <cstddef>

namespace edo::detail::inspection {

inline constexpr std::size_t k_max_braces = 32;

#define EDO_BRACES_8 {}, {}, {}, {}, {}, {}, {}, {},
#define EDO_BRACES_16 EDO_BRACES_8 EDO_BRACES_8
#define EDO_BRACES_CASE(count, ...)                    \
    else if constexpr (Count == (count)) {             \
        return requires { T{__VA_ARGS__ Last{}...}; }; \
    }
#define EDO_BRACES_CASES(base, eights)                        \
    EDO_BRACES_CASE(base + 0, eights)                         \
    EDO_BRACES_CASE(base + 1, eights{}, )                     \
    EDO_BRACES_CASE(base + 2, eights{}, {}, )                 \
    EDO_BRACES_CASE(base + 3, eights{}, {}, {}, )             \
    EDO_BRACES_CASE(base + 4, eights{}, {}, {}, {}, )         \
    EDO_BRACES_CASE(base + 5, eights{}, {}, {}, {}, {}, )     \
    EDO_BRACES_CASE(base + 6, eights{}, {}, {}, {}, {}, {}, ) \
    EDO_BRACES_CASE(base + 7, eights{}, {}, {}, {}, {}, {}, {}, )

/// Whether `T{ {} × Count, Last{}... }` is well-formed.
template <class T, std::size_t Count, class... Last>
consteval auto braces_fit() -> bool {
    if constexpr (Count > k_max_braces) { return false; }
    EDO_BRACES_CASES(0, )
    EDO_BRACES_CASES(8, EDO_BRACES_8)
    EDO_BRACES_CASES(16, EDO_BRACES_16)
    EDO_BRACES_CASES(24, EDO_BRACES_16 EDO_BRACES_8)
    EDO_BRACES_CASE(32, EDO_BRACES_16 EDO_BRACES_16)
}

#undef EDO_BRACES_CASES
#undef EDO_BRACES_CASE
#undef EDO_BRACES_16
#undef EDO_BRACES_8

}  // namespace edo::detail::inspection
