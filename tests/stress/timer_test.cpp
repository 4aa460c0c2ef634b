#include "support/paused_fixture.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <random>
#include <vector>

namespace {

using namespace std::chrono_literals;
using edo::task;

constexpr int million = EDO_TSAN || EDO_ASAN ? 100'000 : 1'000'000;

class paused_timers : public edo::test::paused_test {};

TEST_F(paused_timers, a_million_tasks_sleep_and_wake_in_order) {
    run([]() -> task<> {
        auto ended = std::make_shared<int>(0);
        const edo::test::stopwatch watch;
        for (int i = 0; i < million; ++i) {
            edo::spawn(
                [](std::shared_ptr<int> count, int n) -> task<> {
                    co_await edo::sleep_for(std::chrono::milliseconds(1 + n % 10'000));
                    ++*count;
                },
                ended, i)
                .detach();
        }
        co_await edo::yield_now();
        co_await edo::sleep_for(5001ms);
        EXPECT_NEAR(*ended, million / 2, million / 100);
        co_await edo::sleep_for(5000ms);
        EXPECT_EQ(*ended, million);
        EXPECT_EQ(watch.elapsed(), 10'001ms);
    }());
}

class timers : public edo::test::runtime_test {};
INSTANTIATE_TEST_SUITE_P(kinds, timers, edo::test::all_kinds, edo::test::kind_name);

/// A wake of a timer, its drop from elsewhere and its reset race until each was seen often enough.
TEST_P(timers, firing_races_with_aborts_from_other_threads) {
    struct outcomes {
        std::atomic<int> fired{0};
        std::atomic<int> aborted{0};
    };
    auto seen = std::make_shared<outcomes>();
    constexpr int wanted = 100;
    constexpr int most_rounds = 2000;
    int rounds = 0;
    while ((seen->fired < wanted || seen->aborted < wanted) && rounds < most_rounds) {
        ++rounds;
        rt().block_on([](std::shared_ptr<outcomes> all, int salt) -> task<> {
            std::vector<edo::join_handle<void>> sleepers;
            for (int i = 0; i < 64; ++i) {
                sleepers.push_back(edo::spawn(
                    [](int n) -> task<> {
                        co_await edo::sleep_for(std::chrono::milliseconds(n));
                        co_await edo::sleep_for(std::chrono::microseconds(100 * n));
                    },
                    (i + salt) % 3));
            }
            co_await edo::sleep_for(std::chrono::milliseconds(1 + salt % 3));
            for (auto& sleeper : sleepers) { sleeper.abort(); }
            for (auto& sleeper : sleepers) {
                auto result = co_await sleeper.join();
                ++(result.has_value() ? all->fired : all->aborted);
            }
        }(seen, rounds));
    }
    EXPECT_GE(seen->fired, wanted);
    EXPECT_GE(seen->aborted, wanted);
}

/// Deadline and value at the same moment: both outcomes occur, and the task ends in either.
TEST_P(timers, timeouts_race_with_their_values) {
    auto values = std::make_shared<std::atomic<int>>(0);
    auto elapsed = std::make_shared<std::atomic<int>>(0);
    constexpr int wanted = 100;
    constexpr int most_rounds = 2000;
    int rounds = 0;
    while ((*values < wanted || *elapsed < wanted) && rounds < most_rounds) {
        ++rounds;
        edo::join_set<bool> set;
        const auto entered = rt().enter();
        for (int i = 0; i < 64; ++i) {
            set.spawn(
                [](int n) -> task<bool> {
                    auto inner = edo::spawn(
                        [](int m) -> task<> {
                            co_await edo::sleep_for(std::chrono::microseconds(m * 100));
                        },
                        n % 16);
                    auto result = co_await edo::timeout(std::chrono::microseconds(800), inner);
                    co_return result.has_value();
                },
                i);
        }
        const auto results = rt().block_on(set.join_all());
        for (const bool has_value : results) { ++*(has_value ? values : elapsed); }
    }
    EXPECT_GE(*values, wanted);
    EXPECT_GE(*elapsed, wanted);
}

}  // namespace
