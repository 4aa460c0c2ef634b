/// Stands for the shipped header in the model tests: every wake may pay. Where one is left out, a guard's
/// deadline stands in for it, and deadlines never come here.
#pragma once

#include <chrono>
#include <cstddef>

namespace edo::detail {

class thrift {
public:
    static constexpr std::chrono::microseconds worth_it{20};
    void learn(std::chrono::nanoseconds) noexcept {}
    [[nodiscard]] bool is_wake_in_vain(std::size_t) const noexcept { return false; }
};

}  // namespace edo::detail
