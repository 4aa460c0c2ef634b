/// A small generator for choices that need no quality: which neighbour to steal from first.
#pragma once

#include <cstdint>

namespace edo::detail {

/// xorshift32 (Marsaglia, "Xorshift RNGs", 2003).
class fast_random {
public:
    explicit constexpr fast_random(std::uint32_t seed) noexcept : state_(seed | 1U) {}
    /// A number below `bound` (> 0).
    std::uint32_t below(std::uint32_t bound) noexcept {
        state_ ^= state_ << 13;
        state_ ^= state_ >> 17;
        state_ ^= state_ << 5;
        return static_cast<std::uint32_t>((std::uint64_t{state_} * bound) >> 32);
    }

private:
    std::uint32_t state_;
};

}  // namespace edo::detail
