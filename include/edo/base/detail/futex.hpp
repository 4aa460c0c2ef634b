/// The kernel's wait queue of a word (man 2 futex).
#pragma once

#include <edo/base/detail/atomic.hpp>

#include <chrono>
#include <optional>

namespace edo::detail {

/// Sleeps while the word has this value, at most until `deadline` of the monotonic clock. May
/// return early.
EDO_API void futex_wait(
    atomic<std::uint32_t>& word, std::uint32_t value,
    const std::optional<std::chrono::steady_clock::time_point>& deadline) noexcept;
/// Wakes one thread that sleeps there.
EDO_API void futex_wake(atomic<std::uint32_t>& word) noexcept;
/// Wakes all of them.
EDO_API void futex_wake_all(atomic<std::uint32_t>& word) noexcept;

}  // namespace edo::detail
