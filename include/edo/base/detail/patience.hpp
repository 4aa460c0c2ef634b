/// How long a thread looks for what it waits for before it sleeps.
#pragma once

#include <edo/base/detail/atomic.hpp>
#include <edo/base/detail/luck.hpp>

#include <algorithm>
#include <chrono>
#include <optional>

namespace edo::detail {

/// Whether the process began with more than one processor. Not asked later: threads may be pinned.
EDO_API bool runs_in_parallel() noexcept;

/// Waits for `is_there()` by looking, for some 2 us. False: it is not there.
template <class Look>
bool look_briefly(Look is_there) noexcept {
    for (int looks = 50; looks != 0; --looks) {
        cpu_relax();
        if (is_there()) { return true; }
    }
    return false;
}

/// A sleep and the wake from it take 10 to 60 us, so whoever is answered sooner than that had better
/// not sleep. One look lasts longer than a wake: else two threads that answer each other never find
/// each other awake. Where most answers take longer, most waits sleep at once, so that a thread that
/// mostly waits uses next to no processor time. One thread's own.
class patience {
public:
    /// Waits for `is_there()`, not beyond `deadline`. False: it is not there, and the caller sleeps.
    template <class Look>
    bool wait_for(Look is_there,
                  const std::optional<std::chrono::steady_clock::time_point>& deadline) noexcept {
        if (is_there()) { return true; }
        if (!luck_.looks()) { return false; }
        if (!runs_in_parallel()) { return false; }
        const auto start = std::chrono::steady_clock::now();
        const auto end =
            deadline ? std::min(*deadline, start + longest_look) : start + longest_look;
        if (end <= start) { return false; }
        bool found = false;
        auto now = start;
        while (!found && now < end) {
            for (int i = 0; i < looks_between_clocks && !found; ++i) {
                cpu_relax();
                found = is_there();
            }
            now = std::chrono::steady_clock::now();
        }
        if (found && now - start < worth_it) {
            luck_.found();
        } else {
            luck_.missed();
        }
        return found;
    }

private:
    static constexpr std::chrono::microseconds worth_it{60};
    static constexpr std::chrono::microseconds longest_look{100};
    static constexpr int looks_between_clocks = 16;
    luck<32> luck_;
};

}  // namespace edo::detail
