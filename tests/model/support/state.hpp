/// What the explorer knows of an execution: threads, memory, locks.
#pragma once

#include "support/fiber.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace edo::model {

constexpr int max_threads = 8;
constexpr int nobody = -1;

/// What a thread knows: for each location the store that it may not read behind, for each thread up
/// to which of its steps.
struct knowledge {
    std::vector<std::uint32_t> seen;
    std::array<std::uint32_t, max_threads> clock{};

    [[nodiscard]] std::uint32_t at(std::uint32_t location) const {
        return location < seen.size() ? seen[location] : 0;
    }
    void raise(std::uint32_t location, std::uint32_t store) {
        if (location >= seen.size()) { seen.resize(location + 1); }
        seen[location] = std::max(seen[location], store);
    }
    void join(const knowledge& other) {
        if (other.seen.size() > seen.size()) { seen.resize(other.seen.size()); }
        for (std::size_t i = 0; i < other.seen.size(); ++i) {
            seen[i] = std::max(seen[i], other.seen[i]);
        }
        for (std::size_t i = 0; i < clock.size(); ++i) {
            clock[i] = std::max(clock[i], other.clock[i]);
        }
    }
};
using shared_knowledge = std::shared_ptr<const knowledge>;

struct message {
    std::uint64_t value;
    shared_knowledge carried;  ///< what a reader may acquire; null: nothing
};

struct location {
    std::vector<message> stores;
    int creator = nobody;  ///< nobody: it was there before
    std::uint32_t created = 0;
    bool is_dead = false;
    std::array<std::uint32_t, max_threads> used{};
};

struct lock_state {
    int owner = nobody;
    knowledge left;
    bool is_dead = false;
};

struct plain_state {
    int writer = nobody;
    std::uint32_t written = 0;
    std::array<std::uint32_t, max_threads> reads{};
};

enum class phase { ready, blocked, finished };

struct program_thread {
    std::move_only_function<void()> body;
    fiber stack;
    phase now = phase::ready;
    const void* waits_for = nullptr;
    knowledge knows;    ///< happened before the next step
    knowledge pending;  ///< from relaxed loads, for an acquire fence
    bool is_spinning = false;
    bool may_look_again = false;  ///< spinning, it has not seen everything yet
    std::uint64_t saw_stores = 0;
    void* slot = nullptr;
};

struct decision {
    std::uint16_t taken;
    std::uint16_t count;
};

}  // namespace edo::model
