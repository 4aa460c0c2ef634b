/// The distance that keeps two words from sharing a cache line.
#pragma once

#include <cstddef>

namespace edo::detail {

/// 128 on x86-64 and aarch64: neighbouring lines are fetched in pairs.
inline constexpr std::size_t cache_line = 128;

}  // namespace edo::detail
