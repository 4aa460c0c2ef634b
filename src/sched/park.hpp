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
    /// All is idle. With a paused clock: jump to the next timer. True: something may have fired.
    virtual bool advance_idle_clock() noexcept = 0;

protected:
    ~drivers() = default;
};

}  // namespace edo::detail
