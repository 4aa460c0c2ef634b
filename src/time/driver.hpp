/// The clock of a runtime and the timers that wait for it.
#pragma once

#include "time/wheel.hpp"

#include <edo/base/detail/cache_line.hpp>
#include <edo/base/detail/mutex.hpp>
#include <edo/time/clock.hpp>

#include <functional>
#include <memory>
#include <vector>

namespace edo::detail {

/// The timers that were registered on one worker place. Any thread may add, remove and fire; the
/// place's own worker mostly does, so the lock is mostly uncontended.
class alignas(cache_line) timer_shard {
public:
    /// Tick 0 is at `start`.
    explicit timer_shard(clock::time_point start) noexcept : wheel_(start) {}
    /// True: the place may be asleep for longer than this timer allows, and must be woken.
    [[nodiscard]] bool add(timer_entry& entry) noexcept;
    /// True: it had fired already; its wake has been given.
    bool remove(timer_entry& entry) noexcept;
    /// Fires all that is due at `tick`.
    void fire(std::uint64_t tick) noexcept;
    /// The tick at which fire() has something to do; the place is about to sleep until then.
    [[nodiscard]] std::optional<std::uint64_t> sleep_until() noexcept;
    /// How many timers it holds.
    [[nodiscard]] std::size_t registered() const noexcept { return registered_.load(relaxed); }

private:
    mutex lock_;
    timing_wheel wheel_ EDO_GUARDED_BY(lock_);
    std::uint64_t sleeps_until_ EDO_GUARDED_BY(lock_) = 0;  // 0: awake
    atomic<std::size_t> registered_{0};                     // written under lock_
};

/// The clock, real or paused, and a shard for each worker place.
class time_driver {
public:
    using steady = std::chrono::steady_clock;

    /// `wake_shard` makes the worker of a shard look at its timers again.
    time_driver(unsigned shards, bool can_pause, std::function<void(unsigned)> wake_shard);

    [[nodiscard]] clock::time_point now() const noexcept;
    /// Registers a timer on the shard of the calling worker (else on the first). True if it is
    /// registered; false: it never fires.
    bool add(timer_entry& entry, unsigned shard, bool is_own) noexcept;
    void fire(unsigned shard) noexcept;
    [[nodiscard]] std::optional<steady::time_point> next_deadline(unsigned shard) noexcept;

    void pause(const std::source_location& where);
    void resume(const std::source_location& where);
    [[nodiscard]] bool is_paused() const noexcept { return paused_.load(relaxed); }
    /// Moves the paused clock on.
    void advance(std::chrono::nanoseconds d, const std::source_location& where);
    /// Whether the clock is paused and no blocking closure runs.
    [[nodiscard]] bool may_jump() const noexcept;
    /// Moves the paused clock to the next timer. True: timers may have fired.
    bool jump() noexcept;
    /// Around blocking closures: the paused clock does not jump while one runs.
    void inhibit() noexcept { inhibited_.fetch_add(1, relaxed); }
    void permit() noexcept;
    /// How many timers wait in a shard.
    [[nodiscard]] std::size_t registered(unsigned shard) const noexcept {
        return shards_[shard]->registered();
    }
    /// How many timers wait, in all shards: none once all tasks are gone.
    [[nodiscard]] std::size_t registered() const noexcept;

private:
    [[nodiscard]] std::uint64_t present_tick() const noexcept;
    [[nodiscard]] clock::time_point start_of_clock() const noexcept {
        return clock::time_point(start_.time_since_epoch());
    }
    /// The paused clock at the start of a tick.
    [[nodiscard]] std::int64_t start_of(std::uint64_t tick) const noexcept;

    const steady::time_point start_ = steady::now();
    const bool can_pause_;
    atomic<bool> paused_{false};
    atomic<std::int64_t> paused_at_ns_{
        0};  ///< the paused clock; of the running one, what it is ahead
    atomic<std::uint32_t> inhibited_{0};
    std::function<void(unsigned)> wake_shard_;
    std::vector<std::unique_ptr<timer_shard>> shards_;
};

}  // namespace edo::detail
