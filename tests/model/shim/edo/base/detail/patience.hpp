/// Stands for the shipped header in the model tests: every thread sleeps at once or after one look, which is what the
/// protocols have to bear.
#pragma once

#include <chrono>
#include <optional>

namespace edo::detail {

bool runs_in_parallel() noexcept;

template <class Look>
bool look_briefly(Look is_there) noexcept {
    return is_there();
}

class patience {
public:
    template <class Look>
    bool wait_for(Look, const std::optional<std::chrono::steady_clock::time_point>&) noexcept {
        return false;
    }
};

}  // namespace edo::detail
