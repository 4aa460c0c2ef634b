/// The distance that keeps two words from sharing a cache line.
#pragma once

#include <cstddef>

namespace edo::detail {

/// 128 on x86-64 and aarch64: neighbouring lines are fetched in pairs.
inline constexpr std::size_t cache_line = 128;

/// Keeps what stands before it off the lines of what comes after it. In an object that is allocated often:
/// alignas would need aligned memory, for which malloc has no short way.
struct line_gap {
    char unused[cache_line];
};

}  // namespace edo::detail
