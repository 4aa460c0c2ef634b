// The ring under contention: every element comes out exactly once, whoever takes it.
#include "sched/local_queue.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <thread>
#include <vector>

namespace {

using edo::detail::cell_base;
using edo::detail::local_queue;

class no_scheduler final : public edo::detail::scheduler {
public:
    void schedule(cell_base&) noexcept override {}
};
no_scheduler nobody;

class item final : public cell_base {
public:
    item() : cell_base(nobody) {}
    bool begin() noexcept override { return false; }
    void finish(bool) noexcept override {}
    std::atomic<int> taken{0};
};

constexpr std::size_t round_items = 2000;
constexpr int wanted = 100;           // sightings of each outcome
constexpr int most_rounds = 200'000;  // then the test has failed

struct outcomes {
    std::atomic<int> stolen{0};
    std::atomic<int> stolen_in_batches{0};
    std::atomic<int> popped{0};
    std::atomic<int> taken_out{0};
    std::atomic<int> not_there{0};
    std::atomic<int> overflowed{0};
    std::atomic<int> found_nothing{0};
    [[nodiscard]] bool seen_all() const {
        return stolen >= wanted && stolen_in_batches >= wanted && popped >= wanted &&
               taken_out >= wanted && not_there >= wanted && overflowed >= wanted &&
               found_nothing >= wanted;
    }
};

/// Steals from `from` until the owner has ended and nothing is left.
void thief(local_queue& from, const std::atomic<bool>& ended, outcomes& seen) {
    local_queue mine;
    for (;;) {
        const bool last_look = ended.load();
        cell_base* cell = from.steal_into(mine);
        if (cell == nullptr) {
            ++seen.found_nothing;
            if (last_look) { return; }
            std::this_thread::yield();
            continue;
        }
        ++seen.stolen;
        if (!mine.is_empty()) { ++seen.stolen_in_batches; }
        while (cell != nullptr) {
            ++static_cast<item*>(cell)->taken;
            cell = mine.pop();
        }
    }
}

/// Two thieves steal from the owner.
TEST(local_queue_stress, every_element_is_taken_exactly_once) {
    outcomes seen;
    std::uint64_t random = 1;
    int rounds = 0;
    for (; rounds < most_rounds && !seen.seen_all(); ++rounds) {
        local_queue shared;
        std::deque<item> items(round_items);
        std::atomic<bool> ended{false};
        std::thread first([&] { thief(shared, ended, seen); });
        std::thread second([&] { thief(shared, ended, seen); });
        std::uint64_t index = 0;
        for (item& each : items) {
            while (!shared.push(each)) {
                ++seen.overflowed;
                auto half = shared.take_half();
                while (cell_base* cell = half.pop()) { ++static_cast<item*>(cell)->taken; }
            }
            random = random * 6364136223846793005U + 1442695040888963407U;
            if ((random >> 60) == 0) {
                if (cell_base* cell = shared.pop()) {
                    ++static_cast<item*>(cell)->taken;
                    ++seen.popped;
                }
            } else if ((random >> 60) < 6) {
                item& wanted_one = items[index - std::min(index, random >> 33 & 7)];
                if (shared.take(wanted_one)) {
                    ++wanted_one.taken;
                    ++seen.taken_out;
                } else {
                    ++seen.not_there;
                }
            }
            ++index;
        }
        ended = true;
        first.join();
        second.join();
        for (const item& each : items) { ASSERT_EQ(each.taken, 1) << "round " << rounds; }
        ASSERT_TRUE(shared.is_empty());
    }
    EXPECT_TRUE(seen.seen_all()) << "after " << rounds << " rounds: stolen " << seen.stolen
                                 << ", in batches " << seen.stolen_in_batches << ", popped "
                                 << seen.popped << ", taken out " << seen.taken_out
                                 << ", not there " << seen.not_there << ", overflowed "
                                 << seen.overflowed << ", nothing found " << seen.found_nothing;
}

/// One element: the owner's pop races with two thieves.
TEST(local_queue_stress, the_last_element_goes_to_one_of_three) {
    std::atomic<int> owner_won{0};
    std::atomic<int> thief_won{0};
    local_queue shared;
    item only;
    std::atomic<bool> stop{false};
    const auto steal = [&] {
        local_queue mine;
        while (!stop) {
            if (shared.steal_into(mine) != nullptr) {
                ++thief_won;
                only.taken.fetch_add(1, std::memory_order_release);
            }
        }
    };
    std::thread first(steal);
    std::thread second(steal);
    int rounds = 0;
    for (; rounds < 50 * most_rounds && (owner_won < wanted || thief_won < wanted); ++rounds) {
        only.taken = 0;
        ASSERT_TRUE(shared.push(only));
        if (rounds % 2 == 0) { std::this_thread::yield(); }
        if (shared.pop() != nullptr) {
            ++owner_won;
            ++only.taken;
        }
        while (only.taken.load(std::memory_order_acquire) == 0) { std::this_thread::yield(); }
        ASSERT_EQ(only.taken, 1);
    }
    stop = true;
    first.join();
    second.join();
    EXPECT_GE(owner_won, wanted) << rounds << " rounds";
    EXPECT_GE(thief_won, wanted) << rounds << " rounds";
}

}  // namespace
