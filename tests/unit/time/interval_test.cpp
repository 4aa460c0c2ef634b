#include "support/paused_fixture.hpp"

#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using edo::missed_tick;
using edo::task;
using edo::test::stopwatch;

class time_interval : public edo::test::paused_test {};

/// The ticks of an interval, relative to its start.
struct ticks {
    edo::interval& interval;
    const stopwatch& watch;
    task<std::chrono::milliseconds> next() const {
        const auto t = co_await interval.tick();
        co_return std::chrono::duration_cast<std::chrono::milliseconds>(t - watch.start());
    }
};

TEST_F(time_interval, interval_zero_duration) {
    const auto of = [](auto period) { return edo::interval(period); };
    EXPECT_THROW(of(0ms), std::invalid_argument);
    EXPECT_THROW(of(-1ms), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(edo::interval_at(edo::clock::now(), 0s)), std::invalid_argument);
}

template <class F>
void expect_refusal_names_this_file(F make) {
    try {
        static_cast<void>(make());
        ADD_FAILURE() << "a period of zero was accepted";
    } catch (const std::invalid_argument& e) {
        EXPECT_TRUE(std::string(e.what()).starts_with(__FILE__ ":")) << e.what();
    }
}

TEST_F(time_interval, interval_panic_caller) {
    expect_refusal_names_this_file([] { return edo::interval(0ms); });
    expect_refusal_names_this_file([] { return edo::interval(edo::clock::now(), 0ms); });
    expect_refusal_names_this_file([] { return edo::interval_at(edo::clock::now(), 0ms); });
}

TEST_F(time_interval, the_first_tick_comes_at_once_then_one_each_period) {
    run([]() -> task<> {
        const stopwatch watch;
        edo::interval iv(10ms);
        EXPECT_EQ(iv.period(), 10ms);
        for (int i = 0; i < 10; ++i) {
            const auto tick = co_await iv.tick();
            EXPECT_EQ(tick, watch.at(i * 10ms));
            EXPECT_EQ(watch.elapsed(), i * 10ms);
        }
    }());
}

TEST_F(time_interval, interval_at_starts_later) {
    run([]() -> task<> {
        const stopwatch watch;
        auto iv = edo::interval_at(watch.at(25ms), 10ms);
        const auto first = co_await iv.tick();
        EXPECT_EQ(first, watch.at(25ms));
        const auto second = co_await iv.tick();
        EXPECT_EQ(second, watch.at(35ms));
        EXPECT_EQ(watch.elapsed(), 35ms);
    }());
}

TEST_F(time_interval, a_stream_that_skips_ticks) {
    run([]() -> task<> {
        const auto every_fourth = []() -> edo::stream<int> {
            edo::interval iv(1ms);
            for (int i = 0; i < 12; ++i) {
                co_await iv.tick();
                if ((i + 1) % 4 == 0) { co_yield i + 1; }
            }
        };
        const stopwatch watch;
        auto items = every_fourth();
        std::vector<int> got;
        while (auto next = co_await items.next()) { got.push_back(*next); }
        EXPECT_EQ(got, (std::vector{4, 8, 12}));
        EXPECT_EQ(watch.elapsed(), 11ms);
    }());
}

/// Tokio's scenario: ticks at 0 and 300, then 650 ms of work (1 ms past 951), then on and on.
task<std::vector<int>> ticks_after_a_delay(missed_tick behavior) {
    const stopwatch watch;
    edo::interval iv(300ms);
    iv.set_missed_tick(behavior);
    const ticks next{iv, watch};
    std::vector<int> seen;
    co_await edo::time::advance(1ms);
    for (int i = 0; i < 2; ++i) {
        const auto t = co_await next.next();
        seen.push_back(static_cast<int>(t.count()));
    }
    EXPECT_EQ(watch.elapsed(), 300ms);
    co_await edo::time::advance(651ms);
    for (int i = 0; i < 5; ++i) {
        const auto t = co_await next.next();
        seen.push_back(static_cast<int>(t.count()));
    }
    co_return seen;
}

TEST_F(time_interval, burst) {
    const auto seen = run(ticks_after_a_delay(missed_tick::burst));
    EXPECT_EQ(seen, (std::vector{0, 300, 600, 900, 1200, 1500, 1800}));
}

TEST_F(time_interval, delay) {
    const auto seen = run(ticks_after_a_delay(missed_tick::delay));
    EXPECT_EQ(seen, (std::vector{0, 300, 600, 1251, 1551, 1851, 2151}));
}

TEST_F(time_interval, skip) {
    const auto seen = run(ticks_after_a_delay(missed_tick::skip));
    EXPECT_EQ(seen, (std::vector{0, 300, 600, 1200, 1500, 1800, 2100}));
}

TEST_F(time_interval, missed_ticks_of_a_burst_come_without_waiting) {
    run([]() -> task<> {
        const stopwatch watch;
        edo::interval iv(10ms);
        co_await edo::time::advance(55ms);
        for (int i = 0; i <= 5; ++i) {
            const auto tick = co_await iv.tick();
            EXPECT_EQ(tick, watch.at(i * 10ms));
            EXPECT_EQ(watch.elapsed(), 55ms);
        }
        const auto tick = co_await iv.tick();
        EXPECT_EQ(tick, watch.at(60ms));
        EXPECT_EQ(watch.elapsed(), 60ms);
    }());
}

TEST_F(time_interval, a_tick_that_is_late_by_5_ms_counts_as_punctual) {
    run([]() -> task<> {
        const stopwatch watch;
        edo::interval iv(100ms);
        iv.set_missed_tick(missed_tick::delay);
        co_await iv.tick();
        co_await edo::time::advance(105ms);
        co_await iv.tick();  // the one of 100
        auto tick = co_await iv.tick();
        EXPECT_EQ(tick, watch.at(200ms));
        co_await edo::time::advance(106ms);
        co_await iv.tick();  // the one of 300, at 306
        tick = co_await iv.tick();
        EXPECT_EQ(tick, watch.at(406ms));
    }());
}

TEST_F(time_interval, reset_starts_a_period_now) {
    run([]() -> task<> {
        const stopwatch watch;
        edo::interval iv(300ms);
        co_await iv.tick();
        co_await edo::sleep_for(100ms);
        iv.reset();
        auto tick = co_await iv.tick();
        EXPECT_EQ(tick, watch.at(400ms));
        tick = co_await iv.tick();
        EXPECT_EQ(tick, watch.at(700ms));
    }());
}

/// Ticks at 0 and 300; at 401 the interval is reset. Gives the next two.
template <class Reset>
task<std::vector<int>> ticks_after_a_reset(Reset reset) {
    const stopwatch watch;
    edo::interval iv(300ms);
    co_await iv.tick();
    co_await iv.tick();
    co_await edo::sleep_for(101ms);
    reset(iv);
    std::vector<int> next;
    for (int i = 0; i < 2; ++i) {
        const auto tick = co_await iv.tick();
        EXPECT_EQ(watch.start() + watch.elapsed(), tick);
        next.push_back(static_cast<int>((tick - watch.start()) / 1ms));
    }
    co_return next;
}

TEST_F(time_interval, reset_immediately) {
    const auto reset = [](edo::interval& iv) { iv.reset_immediately(); };
    EXPECT_EQ(run(ticks_after_a_reset(reset)), (std::vector<int>{401, 701}));
}

TEST_F(time_interval, reset_after) {
    const auto reset = [](edo::interval& iv) { iv.reset_after(20ms); };
    EXPECT_EQ(run(ticks_after_a_reset(reset)), (std::vector<int>{421, 721}));
}

TEST_F(time_interval, reset_at) {
    const auto reset = [](edo::interval& iv) { iv.reset_at(edo::clock::now() + 40ms); };
    EXPECT_EQ(run(ticks_after_a_reset(reset)), (std::vector<int>{441, 741}));
}

TEST_F(time_interval, reset_at_bigger_than_interval) {
    const auto reset = [](edo::interval& iv) { iv.reset_at(edo::clock::now() + 1s); };
    EXPECT_EQ(run(ticks_after_a_reset(reset)), (std::vector<int>{1401, 1701}));
}

TEST_F(time_interval, interval_doesnt_panic_max_duration_when_polling) {
    run([]() -> task<> {
        for (const auto behavior : {missed_tick::burst, missed_tick::delay, missed_tick::skip}) {
            edo::interval iv(std::chrono::hours::max());
            iv.set_missed_tick(behavior);
            co_await edo::time::advance(1s);  // late
            co_await iv.tick();
            auto second = co_await edo::timeout(24h * 365 * 10, iv.tick());
            EXPECT_FALSE(second.has_value());
            iv.reset();
            auto third = co_await edo::timeout(1h, iv.tick());
            EXPECT_FALSE(third.has_value());
        }
    }());
}

TEST_F(time_interval, a_dropped_tick_loses_no_tick) {
    run([]() -> task<> {
        const stopwatch watch;
        edo::interval iv(10ms);
        co_await iv.tick();
        for (int i = 1; i <= 9; ++i) {
            auto early = co_await edo::timeout(1ms, iv.tick());
            EXPECT_FALSE(early.has_value());
        }
        auto tick = co_await iv.tick();
        EXPECT_EQ(tick, watch.at(10ms));
        { [[maybe_unused]] auto never_awaited = iv.tick(); }
        tick = co_await iv.tick();
        EXPECT_EQ(tick, watch.at(20ms));
    }());
}

TEST_F(time_interval, a_tick_that_came_but_was_dropped_comes_again) {
    run([]() -> task<> {
        const stopwatch watch;
        edo::interval iv(10ms);
        co_await iv.tick();
        // Both timers fire at 10; the outer one is armed later and wins or loses, no tick is lost.
        auto raced = co_await edo::timeout(10ms, iv.tick());
        const auto tick = co_await iv.tick();
        EXPECT_EQ(tick, watch.at(raced.has_value() ? 20ms : 10ms));
    }());
}

TEST_F(time_interval, may_move_into_a_task) {
    run([]() -> task<> {
        const stopwatch watch;
        edo::interval iv(10ms);
        co_await iv.tick();
        auto h = edo::spawn(
            [](edo::interval moved) -> task<edo::clock::time_point> {
                co_return co_await moved.tick();
            },
            std::move(iv));
        const auto tick = co_await h;
        EXPECT_EQ(tick, watch.at(10ms));
    }());
}

/// The real clock: what holds however late a thread runs.
class time_interval_of_the_real_clock : public edo::test::runtime_test {};
INSTANTIATE_TEST_SUITE_P(kinds, time_interval_of_the_real_clock, edo::test::all_kinds,
                         edo::test::kind_name);

constexpr auto behaviors = {missed_tick::burst, missed_tick::delay, missed_tick::skip};

/// Expects the next ticks at their due, in order, and none before the clock has reached it.
task<> expect_ticks(missed_tick behavior, edo::interval iv, edo::clock::time_point last,
                    int count) {
    iv.set_missed_tick(behavior);
    const auto period = iv.period();
    const auto start = last;
    for (int i = 0; i < count; ++i) {
        const auto tick = co_await iv.tick();
        const auto now = edo::clock::now();
        EXPECT_GE(now, tick) << "too early";
        EXPECT_GE(tick, last + period) << "out of order";
        switch (behavior) {
            case missed_tick::burst: EXPECT_EQ(tick, last + period); break;
            case missed_tick::skip: EXPECT_EQ((tick - start) % period, 0ns); break;
            case missed_tick::delay: break;
        }
        last = tick;
    }
}

TEST_P(time_interval_of_the_real_clock, ticks_come_in_order_and_never_early) {
    rt().block_on([]() -> task<> {
        edo::join_set<void> set;
        for (const auto behavior : behaviors) {
            for (const auto period : {700us, 1000us, 2300us}) {
                edo::interval iv(period);
                const auto first = co_await iv.tick();
                EXPECT_GE(edo::clock::now(), first);
                set.spawn(&expect_ticks, behavior, std::move(iv), first, 6);
            }
        }
        co_await set.join_all();
    }());
}

TEST_P(time_interval_of_the_real_clock, the_first_tick_waits_for_its_time) {
    rt().block_on([]() -> task<> {
        const auto begin = edo::clock::now() + 3ms;
        auto iv = edo::interval_at(begin, 1ms);
        const auto first = co_await iv.tick();
        const auto now = edo::clock::now();
        EXPECT_GE(now, begin);
        EXPECT_EQ(first, begin);
        co_await expect_ticks(missed_tick::burst, std::move(iv), first, 3);
    }());
}

TEST_P(time_interval_of_the_real_clock, ticks_that_were_missed_keep_the_order) {
    rt().block_on([]() -> task<> {
        for (const auto behavior : behaviors) {
            edo::interval iv(1ms);
            const auto first = co_await iv.tick();
            while (edo::clock::now() < first + 12ms) { co_await edo::yield_now(); }
            co_await expect_ticks(behavior, std::move(iv), first, 16);
        }
    }());
}

}  // namespace
