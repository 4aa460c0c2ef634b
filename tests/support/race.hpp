// Runs two things at the same moment, again and again, until each outcome was seen often enough.
#pragma once

#include <edo/base/detail/atomic.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace edo::test {

/// Spins for a while.
inline void delay(int steps) {
    for (int i = 0; i < steps; ++i) { edo::detail::cpu_relax(); }
}
/// How long, from round to round: all orders of magnitude up to milliseconds, since nobody knows how
/// long the other side takes on this machine and under its load.
inline int sweep(int round) { return 1 << round % 18; }

/// A second thread that runs one closure a round together with the caller's. Who is first is varied
/// by spinning, never by sleeping; some rounds go one after the other, so that each order comes
/// also where the two share a processor.
class opponent {
public:
    opponent() : thread_([this] { run(); }) {}
    opponent(const opponent&) = delete;
    opponent& operator=(const opponent&) = delete;
    ~opponent() {
        theirs_ = nullptr;
        begin_.store(begin_.load() + 1);
        thread_.join();
    }
    /// Runs both; returns when both have returned. Neither waits for the other.
    template <class Mine>
    void race(Mine&& mine, std::function<void()> theirs) {
        const unsigned chance = draw() % 16;
        if (chance == 0) {
            mine();
            overlap([] {}, std::move(theirs));
        } else if (chance == 1) {
            overlap([] {}, std::move(theirs));
            mine();
        } else {
            overlap(std::forward<Mine>(mine), std::move(theirs));
        }
    }
    /// Runs both; returns when both have returned. One may wait for the other.
    template <class Mine>
    void overlap(Mine&& mine, std::function<void()> theirs) {
        theirs_ = std::move(theirs);
        const std::uint64_t round = begin_.load() + 1;
        const unsigned lead = draw();
        const unsigned my_delay = (lead & 1) != 0 ? (lead >> 1) % 512 : 0;
        their_delay_ = (lead & 1) == 0 ? (lead >> 1) % 512 : 0;
        begin_.store(round);
        while (ready_.load() != round) { std::this_thread::yield(); }
        go_.store(round);
        spin(my_delay);
        mine();
        while (end_.load() != round) { std::this_thread::yield(); }
    }

    /// In the midst of mine(): in some rounds theirs() comes to its end here, however few processors
    /// there are.
    void let_pass() {
        if (draw() % 8 != 0) { return; }
        while (end_.load() != begin_.load()) { std::this_thread::yield(); }
    }

private:
    unsigned draw() noexcept {
        random_ = random_ * 6364136223846793005U + 1442695040888963407U;
        return static_cast<unsigned>(random_ >> 33);
    }
    void run() {
        for (std::uint64_t round = 1;; ++round) {
            while (begin_.load() != round) { std::this_thread::yield(); }
            if (!theirs_) { return; }
            ready_.store(round);
            for (int i = 0; go_.load() != round; ++i) {
                if (i > 1000) { std::this_thread::yield(); }
            }
            spin(their_delay_);
            theirs_();
            end_.store(round);
        }
    }
    static void spin(unsigned turns) {
        for (std::atomic<unsigned> i{0}; i.load() < turns;) { i.fetch_add(1); }
    }
    std::function<void()> theirs_;
    std::atomic<std::uint64_t> begin_{0};
    std::atomic<std::uint64_t> ready_{0};
    std::atomic<std::uint64_t> go_{0};
    std::atomic<std::uint64_t> end_{0};
    unsigned their_delay_ = 0;
    std::uint64_t random_ = 1;
    std::thread thread_;
};

/// Notes an outcome; as often as one likes, a round counts it once.
using outcome_counter = std::function<void(const char*)>;

/// Calls `round()`, which names its outcome, until each of `expected` came `often` times. Fails if
/// that takes too long, or if another outcome comes. A round with several outcomes takes an
/// `outcome_counter`.
template <class Round>
void until_seen(const std::vector<const char*>& expected, Round&& round, int often = 100,
                int most_rounds = 5'000'000) {
    struct tally {
        int rounds = 0;
        int last = -1;
    };
    std::map<std::string, tally> seen;
    for (const char* outcome : expected) { seen[outcome] = {}; }
    std::size_t missing = expected.size();
    int now = 0;
    const outcome_counter count = [&](const char* outcome) {
        const auto found = seen.find(outcome);
        ASSERT_NE(found, seen.end()) << "unexpected outcome: " << outcome;
        if (std::exchange(found->second.last, now) == now) { return; }
        missing -= ++found->second.rounds == often ? 1 : 0;
    };
    for (; now < most_rounds && missing != 0; ++now) {
        if constexpr (std::is_invocable_v<Round&, const outcome_counter&>) {
            round(count);
        } else {
            count(round());
        }
        if (testing::Test::HasFailure()) { return; }
    }
    for (const auto& [outcome, found] : seen) {
        EXPECT_GE(found.rounds, often) << "outcome seen too seldom: " << outcome;
    }
}

}  // namespace edo::test
