/// Stands for the shipped header in the model tests: every thread sleeps at once, which is what the
/// protocols have to bear.
#pragma once

#include <chrono>
#include <optional>

namespace edo::detail {

class patience {
public:
    template <class Look>
    bool wait_for(Look, const std::optional<std::chrono::steady_clock::time_point>&) noexcept {
        return false;
    }
};

}  // namespace edo::detail
