#include "support/paused_fixture.hpp"

#include <atomic>
#include <chrono>
#include <memory>
#include <random>
#include <stdexcept>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using edo::task;
using edo::test::poll_once;
using edo::test::stopwatch;

class time_pause : public edo::test::paused_test {};

TEST_F(time_pause, advance_after_poll) {
    run([]() -> task<> {
        edo::sleep s = edo::sleep_for(300ms);
        EXPECT_FALSE(co_await poll_once(s));
        const stopwatch watch;
        co_await edo::time::advance(100ms);
        EXPECT_EQ(watch.elapsed(), 100ms);
        EXPECT_FALSE(co_await poll_once(s));
        co_await edo::time::advance(200ms);
        EXPECT_TRUE(co_await poll_once(s));
    }());
}

/// Advances by 100 of the 300 ms of a sleep, in the task that awaits it.
task<> advance_before_sleep(bool is_polled) {
    edo::sleep s = edo::sleep_for(300ms);
    if (is_polled) { EXPECT_FALSE(co_await poll_once(s)); }
    const stopwatch watch;
    co_await edo::time::advance(100ms);
    EXPECT_EQ(watch.elapsed(), 100ms);
    EXPECT_FALSE(co_await poll_once(s));
    co_await s;
    EXPECT_EQ(watch.elapsed(), 300ms);
}

TEST_F(time_pause, sleep_same_task) {
    run(advance_before_sleep(true));
    rt().block_on(rt().spawn(&advance_before_sleep, true));
}

TEST_F(time_pause, sleep_same_task_no_poll) {
    run(advance_before_sleep(false));
    rt().block_on(rt().spawn(&advance_before_sleep, false));
}

/// Takes the ticks that are ready: milliseconds from the start.
task<std::vector<int>> ready_ticks(edo::interval& iv, const stopwatch& watch) {
    std::vector<int> ready;
    for (;;) {
        auto tick = co_await edo::timeout(edo::clock::duration::zero(), iv.tick());
        if (!tick) { co_return ready; }
        ready.push_back(static_cast<int>((*tick - watch.start()) / 1ms));
    }
}

task<> advance_and_expect(std::chrono::milliseconds d, const std::vector<int>& expected,
                          edo::interval& iv, const stopwatch& watch) {
    const auto before = watch.elapsed();
    co_await edo::time::advance(d);
    EXPECT_EQ(watch.elapsed(), before + d);
    const auto ready = co_await ready_ticks(iv, watch);
    EXPECT_EQ(ready, expected);
}

TEST_F(time_pause, interval) {
    const std::vector<std::vector<int>> ready{{0}, {}, {300}, {600}, {900, 1200}};
    const auto body = [&]() -> task<> {
        const stopwatch watch;
        edo::interval iv(300ms);
        co_await advance_and_expect(0ms, ready[0], iv, watch);
        co_await advance_and_expect(100ms, ready[1], iv, watch);
        co_await advance_and_expect(200ms, ready[2], iv, watch);
        co_await advance_and_expect(400ms, ready[3], iv, watch);
        co_await advance_and_expect(500ms, ready[4], iv, watch);
    };
    run(body());
}

TEST_F(time_pause, advance_fires_what_is_due_in_other_tasks) {
    run([]() -> task<> {
        auto h = edo::spawn([]() -> task<edo::clock::time_point> {
            co_await edo::sleep_for(30ms);
            co_return edo::clock::now();
        });
        co_await edo::yield_now();
        const stopwatch watch;
        co_await edo::time::advance(29ms);
        co_await edo::yield_now();
        EXPECT_FALSE(h.is_finished());
        co_await edo::time::advance(1ms);
        co_await edo::yield_now();
        EXPECT_TRUE(h.is_finished());
        EXPECT_EQ(watch.elapsed(), 30ms);
        const auto when = co_await h;
        EXPECT_EQ(when, watch.at(30ms));
    }());
}

TEST_F(time_pause, clock_does_not_jump_past_what_a_closure_has_just_woken) {
    run([]() -> task<> {
        const stopwatch watch;
        for (int i = 0; i < 2000; ++i) {
            auto closure = edo::spawn_blocking([] {});
            auto joined = co_await edo::timeout(1h, std::move(closure));
            EXPECT_TRUE(joined.has_value());
        }
        EXPECT_EQ(watch.elapsed(), 0ms);
    }());
}

TEST_F(time_pause, test_time_advance_sub_ms) {
    run([]() -> task<> {
        for (const std::chrono::nanoseconds d :
             {51'592'000ns, 1000ns, 3'141'592'000ns, 1'000'000ns, 1ns}) {
            const stopwatch watch;
            co_await edo::time::advance(d);
            EXPECT_EQ(watch.elapsed(), d);
        }
    }());
}

TEST_F(time_pause, regression_3710_with_submillis_advance) {
    run([]() -> task<> {
        co_await edo::time::advance(1ms);
        edo::sleep s = edo::sleep_for(60s);
        EXPECT_FALSE(co_await poll_once(s));
        const stopwatch watch;
        co_await edo::time::advance(51'592us);
        EXPECT_EQ(watch.elapsed(), 51'592us);
        EXPECT_FALSE(co_await poll_once(s));
    }());
}

TEST_F(time_pause, advance_once_with_timer) {
    run([]() -> task<> {
        edo::sleep s = edo::sleep_for(1ms);
        co_await edo::time::advance(250us);
        EXPECT_FALSE(co_await poll_once(s));
        co_await edo::time::advance(1500us);
        EXPECT_TRUE(co_await poll_once(s));
    }());
}

TEST_F(time_pause, advance_multi_with_timer) {
    run([]() -> task<> {
        auto h = edo::spawn([]() -> task<> { co_await edo::sleep_for(1ms); });
        co_await edo::yield_now();
        for (int i = 0; i < 3; ++i) {
            co_await edo::time::advance(250us);
            EXPECT_FALSE(h.is_finished());
        }
        co_await edo::time::advance(250us);
        co_await edo::yield_now();
        EXPECT_TRUE(h.is_finished());
        co_await h;
    }());
}

TEST_F(time_pause, advance_by_nothing_or_less_only_yields) {
    run([]() -> task<> {
        const stopwatch watch;
        co_await edo::time::advance(0ms);
        co_await edo::time::advance(-5ms);
        EXPECT_EQ(watch.elapsed(), 0ms);
    }());
}

TEST_F(time_pause, advance_by_the_whole_range_does_not_overflow) {
    run([]() -> task<> {
        const stopwatch watch;
        co_await edo::time::advance(std::chrono::hours::max());
        co_await edo::time::advance(std::chrono::hours::max());
        EXPECT_GE(watch.elapsed(), 24h * 365 * 100);
        EXPECT_LT(edo::clock::now(), edo::clock::time_point::max());
    }());
}

/// Elapsed times of pseudo-random sleeps.
task<std::vector<edo::clock::duration>> random_sleeps() {
    std::mt19937 random(42);  // NOLINT: the same at each run
    std::vector<edo::clock::duration> elapsed;
    const stopwatch watch;
    for (int i = 0; i < 1000; ++i) {
        co_await edo::sleep_for(std::chrono::microseconds(random() % 1'000'000));
        elapsed.push_back(watch.elapsed());
    }
    co_return elapsed;
}

TEST_F(time_pause, paused_time_is_deterministic) {
    const auto first = run(random_sleeps());
    auto second_runtime = edo::runtime::current_thread().start_paused(true).build();
    const auto second = second_runtime.block_on(random_sleeps());
    EXPECT_EQ(first, second);
}

TEST_F(time_pause, test_start_paused) {
    run([]() -> task<> {
        const stopwatch watch;
        const auto begin = std::chrono::steady_clock::now();
        while (std::chrono::steady_clock::now() - begin < 2ms) { co_await edo::yield_now(); }
        EXPECT_EQ(watch.elapsed(), 0ms);
    }());
}

TEST_F(time_pause, the_clock_does_not_jump_while_a_task_can_run) {
    run([]() -> task<> {
        auto sleeper = edo::spawn([]() -> task<> { co_await edo::sleep_for(1ms); });
        for (int i = 0; i < 1000; ++i) {
            co_await edo::yield_now();
            EXPECT_FALSE(sleeper.is_finished());
        }
        co_await sleeper;
    }());
}

TEST_F(time_pause, the_clock_does_not_jump_while_a_blocking_closure_runs) {
    run([]() -> task<> {
        const stopwatch watch;
        auto slept = std::make_shared<std::atomic<bool>>(false);
        auto sleeper = edo::spawn(
            [](std::shared_ptr<std::atomic<bool>> flag) -> task<> {
                co_await edo::sleep_for(1ms);
                *flag = true;
            },
            slept);
        auto closure = edo::spawn_blocking(
            [](const std::shared_ptr<std::atomic<bool>>& flag) {
                // Long enough for a clock that jumps wrongly to be caught at it.
                for (int i = 0; i < 1000; ++i) {
                    std::this_thread::yield();
                    if (*flag) { return true; }
                }
                return false;
            },
            slept);
        const bool jumped = co_await closure;
        EXPECT_FALSE(jumped);
        EXPECT_FALSE(*slept);
        EXPECT_EQ(watch.elapsed(), 0ms);
        co_await sleeper;
        EXPECT_EQ(watch.elapsed(), 1ms);
    }());
}

TEST_F(time_pause, a_closure_that_was_aborted_before_it_ran_does_not_hold_the_clock) {
    auto rt = edo::runtime::current_thread().start_paused(true).max_blocking_threads(1).build();
    rt.block_on([]() -> task<> {
        auto first = edo::spawn_blocking([] { std::this_thread::yield(); });
        auto second = edo::spawn_blocking([] {});
        second.abort();
        auto ended = co_await second.join();
        static_cast<void>(ended);  // it may have run: the pool is free to be quick
        co_await first;
        const stopwatch watch;
        co_await edo::sleep_for(1s);
        EXPECT_EQ(watch.elapsed(), 1s);
    }());
}

TEST_F(time_pause, wakes_from_other_threads_reach_a_runtime_that_waits_for_no_timer) {
    run([]() -> task<> {
        auto closure = edo::spawn_blocking([] { return 5; });
        const int five = co_await closure;
        EXPECT_EQ(five, 5);
    }());
}

class pause_on_real_runtime : public edo::test::runtime_test {};
INSTANTIATE_TEST_SUITE_P(kinds, pause_on_real_runtime, edo::test::all_kinds, edo::test::kind_name);

TEST_P(pause_on_real_runtime, pause_time_in_main) {
    rt().block_on([](bool can_pause) -> task<> {
        if (!can_pause) {
            EXPECT_THROW(edo::time::pause(), std::logic_error);
            co_return;
        }
        edo::time::pause();
        const stopwatch watch;
        co_await edo::sleep_for(100ms);
        EXPECT_EQ(watch.elapsed(), 100ms);
    }(is_current_thread()));
}

TEST_P(pause_on_real_runtime, pause_time_in_task) {
    const auto result = rt().block_on([]() -> task<std::expected<void, edo::join_error>> {
        auto h = edo::spawn([]() -> task<> {
            edo::time::pause();
            co_return;
        });
        auto joined = co_await h.join();
        co_return joined;
    }());
    if (is_current_thread()) {
        EXPECT_TRUE(result.has_value());
        return;
    }
    ASSERT_FALSE(result.has_value());
    EXPECT_TRUE(result.error().is_exception());
    EXPECT_THROW(result.error().rethrow(), std::logic_error);
}

}  // namespace
