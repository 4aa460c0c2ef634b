/// Whether it pays to wake a worker that sleeps while others are awake.
#pragma once

#include <edo/base/detail/atomic.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace edo::detail {

/// Two workers that share a few short tasks are slower than one alone: the waker pays for the wake, and
/// both for the cache lines that travel. So the executor learns how long those were busy that it woke to
/// help. Any thread may call; an update that gets lost is made good by the next one.
class thrift {
public:
    /// A helper goes to sleep again.
    void learn(std::chrono::nanoseconds busy) noexcept {
        const std::uint32_t before = in_vain_.load(relaxed);
        in_vain_.store(busy >= worth_it ? 0 : std::min(before + 1, enough), relaxed);
    }
    /// Whether the last helpers were all in vain, and `waiting` tasks are no reason to try another one.
    [[nodiscard]] bool is_wake_in_vain(std::size_t waiting) const noexcept {
        return in_vain_.load(relaxed) == enough && waiting < many;
    }

    /// A wake and the sleep after it take as long.
    static constexpr std::chrono::microseconds worth_it{20};

private:
    static constexpr std::uint32_t enough = 4;
    static constexpr std::size_t many = 256;
    atomic<std::uint32_t> in_vain_{0};
};

}  // namespace edo::detail
