#include "time/wheel.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <map>
#include <memory>
#include <random>
#include <vector>

namespace {

using edo::detail::timer_entry;
using edo::detail::timing_wheel;

/// The wheel's clock starts at 0.
edo::clock::time_point at(std::uint64_t tick) {
    EXPECT_LE(tick, INT64_MAX / 1'000'000U) << "beyond the range of the clock";
    return edo::clock::time_point(edo::detail::tick_length * static_cast<std::int64_t>(tick));
}
std::uint64_t tick_at(edo::clock::time_point t) { return edo::detail::tick_of({}, t); }

constexpr std::uint64_t span = std::uint64_t{1} << 36;

std::vector<std::uint64_t> pop_all(timing_wheel& wheel, std::uint64_t tick) {
    std::vector<std::uint64_t> fired;
    while (timer_entry* entry = wheel.pop_due(tick)) { fired.push_back(tick_at(entry->deadline)); }
    return fired;
}

/// A wheel beside a sorted list of the same timers.
class pair_of_models {
public:
    explicit pair_of_models(std::uint64_t seed) : random_(seed) {}

    void insert(std::uint64_t tick) {
        auto entry = std::make_unique<timer_entry>();
        entry->deadline = at(tick);
        wheel_.insert(*entry);
        timer_entry* key = entry.get();
        due_at_[key] = std::max(tick, wheel_.now());
        sorted_.emplace(due_at_[key], key);
        entries_[key] = std::move(entry);
    }
    void erase_any() {
        if (sorted_.empty()) { return; }
        auto it = sorted_.lower_bound(wheel_.now() + below_random_power(40));
        if (it == sorted_.end()) { it = sorted_.begin(); }
        timing_wheel::erase(*it->second);
        EXPECT_FALSE(it->second->is_linked());
        forget(it);
    }
    void advance(std::uint64_t tick) {
        std::uint64_t last = wheel_.now();
        while (timer_entry* entry = wheel_.pop_due(tick)) {
            ASSERT_TRUE(due_at_.contains(entry)) << "fired twice";
            const std::uint64_t due = due_at_[entry];
            EXPECT_LE(due, tick) << "early";
            EXPECT_EQ(due, wheel_.now()) << "late";
            EXPECT_GE(due, last) << "out of order";
            last = due;
            auto [it, end] = sorted_.equal_range(due);
            while (it != end && it->second != entry) { ++it; }
            ASSERT_NE(it, end);
            forget(it);
        }
        EXPECT_EQ(wheel_.now(), tick);
        EXPECT_TRUE(sorted_.empty() || sorted_.begin()->first > tick) << "a timer was missed";
    }
    void check_next() {
        const auto next = wheel_.next_tick();
        ASSERT_EQ(next.has_value(), !sorted_.empty());
        if (next) {
            EXPECT_LE(*next, sorted_.begin()->first) << "would oversleep";
            EXPECT_GE(*next, wheel_.now());
        }
    }
    /// A distance of every magnitude below 2^highest with the same probability.
    std::uint64_t below_random_power(unsigned highest) {
        return random_() & ((std::uint64_t{1} << (random_() % highest)) - 1);
    }
    /// A tick just before, on or after the start of a slot of some level.
    std::uint64_t near_a_boundary() {
        const unsigned shift = 6 * static_cast<unsigned>(random_() % 7);
        const std::uint64_t slots = shift < 36 ? 64 : 4;  // the clock has 128 spans
        const std::uint64_t start = ((wheel_.now() >> shift) + 1 + random_() % slots) << shift;
        return start - 1 + random_() % 3;
    }
    std::uint64_t now() { return wheel_.now(); }
    std::uint64_t random() { return random_(); }
    bool empty() { return sorted_.empty(); }
    std::uint64_t first() { return sorted_.begin()->first; }

private:
    using sorted = std::multimap<std::uint64_t, timer_entry*>;
    void forget(sorted::iterator it) {
        due_at_.erase(it->second);
        entries_.erase(it->second);
        sorted_.erase(it);
    }
    std::mt19937_64 random_;
    timing_wheel wheel_;
    sorted sorted_;
    std::map<timer_entry*, std::uint64_t> due_at_;
    std::map<timer_entry*, std::unique_ptr<timer_entry>> entries_;
};

TEST(timing_wheel, agrees_with_a_sorted_list) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        SCOPED_TRACE(seed);
        pair_of_models models(seed);
        for (int i = 0; i < 1000; ++i) {
            switch (models.random() % 8) {
                case 0:
                case 1: models.insert(models.now() + models.below_random_power(39)); break;
                case 2:
                case 3: models.insert(models.near_a_boundary()); break;
                case 4: models.insert(models.now() - models.now() / 2); break;
                case 5: models.erase_any(); break;
                case 6: models.advance(models.now() + models.below_random_power(38)); break;
                default:
                    if (!models.empty()) { models.advance(std::max(models.first(), models.now())); }
            }
            models.check_next();
            if (HasFatalFailure()) { return; }
        }
        models.advance(models.now() + 8 * span);  // beyond near_a_boundary()
        EXPECT_TRUE(models.empty());
    }
}

TEST(timing_wheel, fires_around_the_boundaries_of_every_level) {
    for (unsigned level = 0; level < 7; ++level) {
        const std::uint64_t boundary = std::uint64_t{1} << (6 * level);
        for (const std::uint64_t tick : {boundary - 1, boundary, boundary + 1, 2 * boundary - 1,
                                         63 * boundary, 64 * boundary - 1, 64 * boundary}) {
            if (tick == 0) { continue; }
            SCOPED_TRACE(tick);
            timing_wheel wheel;
            timer_entry entry;
            entry.deadline = at(tick);
            wheel.insert(entry);
            EXPECT_EQ(wheel.pop_due(tick - 1), nullptr);
            EXPECT_EQ(wheel.pop_due(tick), &entry);
            EXPECT_FALSE(entry.is_linked());
            EXPECT_EQ(wheel.next_tick(), std::nullopt);
        }
    }
}

TEST(timing_wheel, a_timer_that_is_due_fires_without_the_wheel_turning) {
    timing_wheel wheel;
    EXPECT_EQ(wheel.pop_due(1000), nullptr);
    timer_entry past;
    past.deadline = at(999);
    timer_entry present;
    present.deadline = at(1000);
    wheel.insert(past);
    wheel.insert(present);
    EXPECT_EQ(wheel.next_tick(), 1000U);
    EXPECT_EQ(pop_all(wheel, 1000), (std::vector<std::uint64_t>{999, 1000}));
}

TEST(timing_wheel, keeps_timers_beyond_its_span) {
    timing_wheel wheel;
    EXPECT_EQ(wheel.pop_due(5), nullptr);
    std::vector<timer_entry> entries(4);
    entries[0].deadline = at(span + 3);
    entries[1].deadline = at(2 * span);
    entries[2].deadline = at(10 * span + 7);
    entries[3].deadline = at(INT64_MAX / 1'000'000);  // the end of the clock's range, about
    for (timer_entry& entry : entries) { wheel.insert(entry); }
    EXPECT_EQ(wheel.next_tick(), span);
    EXPECT_EQ(wheel.pop_due(span + 2), nullptr);
    EXPECT_EQ(wheel.pop_due(2 * span - 1), entries.data());
    EXPECT_EQ(wheel.pop_due(2 * span - 1), nullptr);
    EXPECT_EQ(wheel.pop_due(2 * span), &entries[1]);
    timing_wheel::erase(entries[2]);
    EXPECT_EQ(wheel.pop_due(tick_at(entries[3].deadline) - 1), nullptr);
    EXPECT_EQ(wheel.pop_due(tick_at(entries[3].deadline)), &entries[3]);
    EXPECT_EQ(wheel.next_tick(), std::nullopt);
}

TEST(timing_wheel, forgets_erased_timers) {
    timing_wheel wheel;
    std::vector<timer_entry> entries(3);
    entries[0].deadline = at(10);  // alone in its slot
    entries[1].deadline = at(70);  // shares its slot of level 1 with the next one
    entries[2].deadline = at(71);
    for (timer_entry& entry : entries) { wheel.insert(entry); }
    timing_wheel::erase(entries[0]);
    EXPECT_EQ(wheel.next_tick(), 64U);
    timing_wheel::erase(entries[1]);
    EXPECT_EQ(pop_all(wheel, 70), std::vector<std::uint64_t>{});
    EXPECT_EQ(wheel.next_tick(), 71U);
    timing_wheel::erase(entries[2]);
    EXPECT_EQ(wheel.next_tick(), std::nullopt);
}

TEST(timing_wheel, an_entry_can_be_inserted_again) {
    timing_wheel wheel;
    timer_entry entry;
    for (const std::uint64_t tick : {5U, 64U, 65U, 5000U, 300'000U}) {
        entry.deadline = at(tick);
        wheel.insert(entry);
        EXPECT_EQ(pop_all(wheel, tick), std::vector<std::uint64_t>{tick});
    }
}

TEST(timing_wheel, carries_very_many_timers) {
    constexpr std::size_t count = 200'000;  // the stress test has a million
    std::vector<timer_entry> entries(count);
    timing_wheel wheel;
    std::mt19937_64 random(7);  // NOLINT: the same at each run
    for (timer_entry& entry : entries) {
        entry.deadline = at(1 + random() % 100'000'000);
        wheel.insert(entry);
    }
    for (std::size_t i = 0; i < count; i += 2) { timing_wheel::erase(entries[i]); }
    std::size_t fired = 0;
    bool is_sorted = true;
    std::uint64_t last = 0;
    while (timer_entry* entry = wheel.pop_due(100'000'000)) {
        ++fired;
        is_sorted = is_sorted && tick_at(entry->deadline) >= last;
        last = tick_at(entry->deadline);
    }
    EXPECT_EQ(fired, count / 2);
    EXPECT_TRUE(is_sorted);
    EXPECT_EQ(wheel.next_tick(), std::nullopt);
}

}  // namespace
