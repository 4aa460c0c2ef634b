/// A hierarchical timing wheel: six levels of 64 slots, insertion and removal O(1).
#pragma once

#include <edo/time/detail/timer_entry.hpp>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <optional>

namespace edo::detail {

inline constexpr std::chrono::nanoseconds tick_length = std::chrono::milliseconds(1);

/// Ticks from `start` to t, rounded up; 0 before it.
inline std::uint64_t tick_of(clock::time_point start, clock::time_point t) noexcept {
    if (t <= start) { return 0; }
    const std::chrono::nanoseconds since_start = t - start;
    // Not ceil(): it would overflow near the end of the range.
    const auto whole = static_cast<std::uint64_t>(since_start / tick_length);
    return whole + (since_start % tick_length != std::chrono::nanoseconds::zero() ? 1 : 0);
}

/// Level l holds the timers whose tick agrees with the present one above bit 6 (l + 1) and differs
/// below it; its slot is the digit of the tick there. So a slot of level l is due, and is spread
/// over the levels below, when the wheel reaches the first tick of the slot. Timers beyond the next
/// multiple of 2^36 ticks (2.2 years) wait in a list until then. Not synchronised.
class timing_wheel {
public:
    /// Tick 0 is at `start`.
    explicit timing_wheel(clock::time_point start = {}) noexcept : start_(start) {}
    /// Adds a timer and gives its tick; one that is due already is fired by the next pop_due().
    std::uint64_t insert(timer_entry& entry) noexcept {
        const std::uint64_t tick = tick_of(start_, entry.deadline);
        const std::uint64_t difference = now_ ^ tick;
        if (tick <= now_) {
            due_.push_back(entry);
        } else if (difference >= span) {
            far_.push_back(entry);
        } else {
            const unsigned level = level_of(difference);
            const auto slot = static_cast<unsigned>(tick >> (bits * level)) & mask;
            slots_[level][slot].push_back(entry);
            occupied_[level] |= std::uint64_t{1} << slot;
        }
        return tick;
    }
    /// Removes a timer that insert() has added and pop_due() has not given.
    static void erase(timer_entry& entry) noexcept { intrusive_list<timer_entry>::erase(entry); }

    /// The tick at which the wheel has to be turned next: not after the earliest timer.
    [[nodiscard]] std::optional<std::uint64_t> next_tick() noexcept {
        if (!due_.empty()) { return now_; }
        for (unsigned level = 0; level < levels; ++level) {
            if (auto slot = first_slot(level)) { return start_of(level, *slot); }
        }
        if (!far_.empty()) { return (now_ | (span - 1)) + 1; }
        return std::nullopt;
    }
    /// Turns the wheel up to `tick` and takes out one timer that is due; null if there is none.
    [[nodiscard]] timer_entry* pop_due(std::uint64_t tick) noexcept {
        for (;;) {
            if (timer_entry* entry = due_.pop_front()) { return entry; }
            const auto next = next_tick();
            if (!next || *next > tick) {
                now_ = std::max(now_, tick);
                return nullptr;
            }
            now_ = *next;
            spread();
        }
    }
    [[nodiscard]] std::uint64_t now() const noexcept { return now_; }

private:
    static constexpr unsigned levels = 6;
    static constexpr unsigned bits = 6;
    static constexpr unsigned slots = 1U << bits;
    static constexpr unsigned mask = slots - 1;
    static constexpr std::uint64_t span = std::uint64_t{1} << (bits * levels);

    static unsigned level_of(std::uint64_t difference) noexcept {
        return (static_cast<unsigned>(std::bit_width(difference | 1)) - 1) / bits;
    }
    /// The first slot of a level with a timer; bits of slots that became empty are cleared.
    std::optional<unsigned> first_slot(unsigned level) noexcept {
        while (occupied_[level] != 0) {
            const auto slot = static_cast<unsigned>(std::countr_zero(occupied_[level]));
            if (!slots_[level][slot].empty()) { return slot; }
            occupied_[level] &= occupied_[level] - 1;
        }
        return std::nullopt;
    }
    [[nodiscard]] std::uint64_t start_of(unsigned level, unsigned slot) const noexcept {
        const unsigned shift = bits * level;
        const std::uint64_t above = now_ >> (shift + bits) << (shift + bits);
        return above + (std::uint64_t{slot} << shift);
    }
    /// Takes the timers of all slots that begin now and puts them where they belong now.
    void spread() noexcept {
        intrusive_list<timer_entry> moved;
        if (now_ % span == 0) { moved.splice_back(far_); }
        for (unsigned level = 0; level < levels; ++level) {
            const auto slot = static_cast<unsigned>(now_ >> (bits * level)) & mask;
            if (auto first = first_slot(level); first && *first == slot) {
                moved.splice_back(slots_[level][slot]);
                occupied_[level] &= occupied_[level] - 1;
            }
        }
        while (timer_entry* entry = moved.pop_front()) { insert(*entry); }
    }

    const clock::time_point start_;
    std::uint64_t now_ = 0;
    std::uint64_t occupied_[levels] = {};
    intrusive_list<timer_entry> due_;
    intrusive_list<timer_entry> far_;
    intrusive_list<timer_entry> slots_[levels][slots];
};

}  // namespace edo::detail
