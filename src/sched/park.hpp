/// What a scheduler knows of timers and the kernel: how long it may sleep, and what to do then.
#pragma once

#include <chrono>
#include <optional>

namespace edo::detail {

/// Implemented by the runtime on top of the time (and later the I/O) driver. A *shard* is the part
/// that belongs to one worker place.
class drivers {
public:
    using time_point = std::chrono::steady_clock::time_point;

    /// Fires what is due in a shard. From any worker, at any time.
    virtual void poll(unsigned shard) noexcept = 0;
    /// When the shard has to be polled next; nothing: only when it is woken.
    virtual std::optional<time_point> next_deadline(unsigned shard) noexcept = 0;
    /// Whether a timer waits in the shard.
    [[nodiscard]] virtual bool has_timers(unsigned shard) const noexcept = 0;
    /// Whether the clock is paused, and no blocking closure runs that could wake somebody. What those
    /// that ended have woken is visible afterwards.
    [[nodiscard]] virtual bool may_jump() const noexcept = 0;
    /// All is idle, and the clock may jump: to the next timer. True: something may have fired.
    virtual bool jump() noexcept = 0;

protected:
    ~drivers() = default;
};

}  // namespace edo::detail
