/// Whether looking for something pays, as against sleeping until it comes.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>

namespace edo::detail {

/// Counts looks that found nothing. After some of them only one wait in 3, 5, … `rarest` + 1 looks.
template <std::uint16_t rarest>
class luck {
public:
    constexpr luck() noexcept = default;
    /// Of one whose first waits do not look, and most of the next ones neither.
    static constexpr luck unlucky() noexcept {
        luck none;
        none.misses_ = allowed_misses + 3;
        none.waits_ = 16;
        return none;
    }
    /// Whether to look this time.
    bool looks() noexcept {
        if (waits_ == 0) { return true; }
        --waits_;
        return false;
    }
    void found() noexcept { misses_ -= std::min<std::uint16_t>(misses_, 1); }
    void missed() noexcept {
        misses_ = std::min<std::uint16_t>(misses_ + 1, most_misses);
        if (misses_ > allowed_misses) {
            waits_ = static_cast<std::uint16_t>(1U << (misses_ - allowed_misses));
        }
    }
    /// found() would change nothing.
    [[nodiscard]] bool is_best() const noexcept { return misses_ == 0; }

private:
    static_assert(std::has_single_bit(rarest));
    static constexpr std::uint16_t allowed_misses = 4;
    static constexpr std::uint16_t most_misses = allowed_misses + std::countr_zero(rarest);
    std::uint16_t misses_ = 0;
    std::uint16_t waits_ = 0;  ///< so many come first that do not look
};

}  // namespace edo::detail
