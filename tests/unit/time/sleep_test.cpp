#include "support/paused_fixture.hpp"

#include <edo/coro/detail/thread_cell.hpp>

#include <chrono>
#include <cstdint>
#include <latch>
#include <limits>
#include <memory>
#include <optional>
#include <vector>

namespace {

using namespace std::chrono_literals;
using edo::task;
using edo::test::poll_once;
using edo::test::stopwatch;

class time_sleep : public edo::test::paused_test {};

TEST_F(time_sleep, is_elapsed) {
    run([]() -> task<> {
        edo::sleep s = edo::sleep_for(10ms);
        EXPECT_FALSE(s.is_elapsed());
        EXPECT_FALSE(co_await poll_once(s));
        EXPECT_FALSE(s.is_elapsed());
        co_await s;
        EXPECT_TRUE(s.is_elapsed());
        EXPECT_TRUE(co_await poll_once(s));
    }());
}

TEST_F(time_sleep, does_nothing_before_it_is_awaited) {
    run([]() -> task<> {
        const stopwatch watch;
        {
            edo::sleep dropped = edo::sleep_for(5ms);
            EXPECT_EQ(dropped.deadline(), watch.at(5ms));
        }
        co_await edo::sleep_for(50ms);
        EXPECT_EQ(watch.elapsed(), 50ms);
    }());
}

TEST_F(time_sleep, delayed_sleep_level_0) {
    run([]() -> task<> {
        for (const auto d : {1ms, 10ms, 60ms}) {
            const stopwatch watch;
            co_await edo::sleep_for(d);
            EXPECT_EQ(watch.elapsed(), d);
        }
    }());
}

TEST_F(time_sleep, takes_exactly_as_long_as_asked_on_every_level_of_the_wheel) {
    run([]() -> task<> {
        for (const std::int64_t ms :
             {63, 64, 65, 4095, 4096, 4097, 262'143, 262'144, 262'145, 16'777'216, 1'073'741'825}) {
            const stopwatch watch;
            co_await edo::sleep_for(std::chrono::milliseconds(ms));
            EXPECT_EQ(watch.elapsed(), std::chrono::milliseconds(ms));
        }
    }());
}

TEST_F(time_sleep, sub_ms_delayed_sleep) {
    run([]() -> task<> {
        for (int i = 0; i < 5; ++i) {
            const stopwatch watch;
            co_await edo::sleep_for(1ms + 1ns);
            EXPECT_GE(watch.elapsed(), 1ms + 1ns);  // never early
            EXPECT_LE(watch.elapsed(), 2ms);        // rounded up to the granularity
        }
    }());
}

TEST_F(time_sleep, delayed_sleep_wrapping_level_0) {
    run([]() -> task<> {
        co_await edo::sleep_for(5ms);
        const stopwatch watch;
        co_await edo::sleep_for(60ms);
        EXPECT_EQ(watch.elapsed(), 60ms);
    }());
}

TEST_F(time_sleep, ten_tasks_that_sleep_100_ms_end_together_after_exactly_100_ms) {
    run([]() -> task<> {
        const stopwatch watch;
        edo::join_set<int> set;
        for (int i = 0; i < 10; ++i) {
            set.spawn(
                [](int n) -> task<int> {
                    co_await edo::sleep_for(100ms);
                    co_return n;
                },
                i);
        }
        int sum = 0;
        while (auto next = co_await set.join_next()) {
            sum += next->value();
            EXPECT_EQ(watch.elapsed(), 100ms);
        }
        EXPECT_EQ(sum, 45);
    }());
}

TEST_F(time_sleep, timers_fire_in_the_order_of_their_deadlines) {
    run([]() -> task<> {
        edo::join_set<int> set;
        for (const int ms : {500, 7, 64, 1, 4097, 63, 300, 65}) {
            set.spawn(
                [](int d) -> task<int> {
                    co_await edo::sleep_for(std::chrono::milliseconds(d));
                    co_return d;
                },
                ms);
        }
        const std::vector<int> order = co_await set.join_all();
        EXPECT_EQ(order, (std::vector{1, 7, 63, 64, 65, 300, 500, 4097}));
    }());
}

TEST_F(time_sleep, reset_future_sleep_before_fire) {
    run([]() -> task<> {
        const stopwatch watch;
        edo::sleep s = edo::sleep_for(100ms);
        EXPECT_FALSE(co_await poll_once(s));
        s.reset(watch.at(200ms));
        EXPECT_EQ(s.deadline(), watch.at(200ms));
        co_await s;
        EXPECT_EQ(watch.elapsed(), 200ms);
    }());
}

TEST_F(time_sleep, reset_past_sleep_before_turn) {
    run([]() -> task<> {
        const stopwatch watch;
        edo::sleep s = edo::sleep_for(100ms);
        EXPECT_FALSE(co_await poll_once(s));
        s.reset(watch.at(80ms));
        co_await s;
        EXPECT_EQ(watch.elapsed(), 80ms);
    }());
}

TEST_F(time_sleep, reset_past_sleep_before_fire) {
    run([]() -> task<> {
        const stopwatch watch;
        edo::sleep s = edo::sleep_for(100ms);
        EXPECT_FALSE(co_await poll_once(s));
        co_await edo::sleep_for(10ms);
        s.reset(watch.at(80ms));
        co_await s;
        EXPECT_EQ(watch.elapsed(), 80ms);
    }());
}

TEST_F(time_sleep, reset_future_sleep_after_fire) {
    run([]() -> task<> {
        const stopwatch watch;
        edo::sleep s = edo::sleep_for(100ms);
        co_await s;
        EXPECT_EQ(watch.elapsed(), 100ms);
        s.reset(watch.at(110ms));
        EXPECT_FALSE(s.is_elapsed());
        co_await s;
        EXPECT_EQ(watch.elapsed(), 110ms);
    }());
}

TEST_F(time_sleep, reset_sleep_to_past) {
    run([]() -> task<> {
        const stopwatch watch;
        edo::sleep s = edo::sleep_for(100ms);
        EXPECT_FALSE(co_await poll_once(s));
        co_await edo::sleep_for(50ms);
        EXPECT_FALSE(co_await poll_once(s));
        s.reset(watch.at(40ms));
        EXPECT_TRUE(co_await poll_once(s));
        EXPECT_EQ(watch.elapsed(), 50ms);
    }());
}

TEST_F(time_sleep, reset_after_firing) {
    run([]() -> task<> {
        edo::sleep s = edo::sleep_for(1ms);
        co_await s;
        EXPECT_TRUE(co_await poll_once(s));
        for (int i = 0; i < 2; ++i) {
            const auto deadline = edo::clock::now() + 600s;
            s.reset(deadline);
            EXPECT_EQ(s.deadline(), deadline);
            EXPECT_FALSE(co_await poll_once(s));
        }
    }());
}

TEST_F(time_sleep, needs_a_runtime_when_it_is_first_awaited) {
    edo::sleep outside = edo::sleep_for(1h);  // making it is harmless here, unlike in Tokio
    EXPECT_FALSE(outside.is_elapsed());
    EXPECT_GT(outside.deadline(), edo::clock::now());
    edo::detail::thread_waiter waiter;
    EXPECT_THROW(waiter.wait_for(outside), edo::no_runtime_error);
}

TEST_F(time_sleep, greater_than_max) {
    run([]() -> task<> {
        constexpr auto years = 24h * 365 * 5;
        const stopwatch watch;
        co_await edo::sleep_for(years);
        EXPECT_EQ(watch.elapsed(), years);
    }());
}

TEST_F(time_sleep, multi_long_sleeps) {
    run([]() -> task<> {
        constexpr auto year = 24h * 365;
        const stopwatch watch;
        for (int i = 0; i < 5; ++i) { co_await edo::sleep_for(year); }
        EXPECT_EQ(watch.elapsed(), 5 * year);
        co_await edo::sleep_until(watch.at(10 * year));
        EXPECT_EQ(watch.elapsed(), 10 * year);
    }());
}

TEST_F(time_sleep, long_sleeps) {
    run([]() -> task<> {
        const stopwatch watch;
        co_await edo::sleep_for(24h * 365 * 10);
        EXPECT_EQ(watch.elapsed(), 24h * 365 * 10);
    }());
}

TEST_F(time_sleep, zero_negative_and_past_ones_complete_at_once) {
    run([]() -> task<> {
        const stopwatch watch;
        co_await edo::sleep_for(0ms);
        co_await edo::sleep_for(-1ms);
        co_await edo::sleep_for(std::chrono::hours::min());
        co_await edo::sleep_for(std::chrono::nanoseconds::min());
        co_await edo::sleep_for(std::chrono::duration<double>(-1e300));
        co_await edo::sleep_for(std::chrono::duration<double>(0.0));
        co_await edo::sleep_for(
            std::chrono::duration<double>(std::numeric_limits<double>::quiet_NaN()));
        co_await edo::sleep_until(edo::clock::time_point::min());
        co_await edo::sleep_until(edo::clock::time_point());
        co_await edo::sleep_until(watch.start());
        EXPECT_EQ(watch.elapsed(), 0ms);
    }());
}

template <class Duration>
task<> expect_never(Duration d) {
    edo::sleep s = edo::sleep_for(d);
    EXPECT_EQ(s.deadline(), edo::clock::time_point::max());
    auto result = co_await edo::timeout(24h * 365 * 20, s);
    EXPECT_FALSE(result.has_value());
}

TEST_F(time_sleep, exactly_max_never_fires) {
    run([]() -> task<> {
        using floating = std::chrono::duration<double>;
        co_await expect_never(std::chrono::nanoseconds::max());
        co_await expect_never(std::chrono::milliseconds::max());
        co_await expect_never(std::chrono::hours::max());
        co_await expect_never(floating(1e300));
        co_await expect_never(floating(std::numeric_limits<double>::infinity()));
        co_await expect_never(std::chrono::duration<float>(std::numeric_limits<float>::max()));
        co_await expect_never(std::chrono::duration<double, std::pico>(1e300));
        co_await expect_never(std::chrono::duration<std::int64_t, std::ratio<1, 60>>::max());
    }());
}

TEST_F(time_sleep, no_out_of_bounds_close_to_max) {
    run([]() -> task<> {
        edo::sleep s = edo::sleep_for(std::chrono::nanoseconds::max() - 1ms);
        EXPECT_FALSE(co_await poll_once(s));
        s.reset(edo::clock::time_point::max() - 1ns);
        EXPECT_FALSE(co_await poll_once(s));
        co_await s;  // the clock jumps almost to its end
        EXPECT_TRUE(s.is_elapsed());
        const stopwatch watch;
        co_await edo::sleep_for(0ns);
        EXPECT_EQ(edo::sleep_for(1h).deadline(), edo::clock::time_point::max());
        EXPECT_GE(watch.elapsed(), 0ns);
    }());
}

TEST_F(time_sleep, units_of_any_representation_are_exact) {
    run([]() -> task<> {
        const stopwatch watch;
        const auto after = [&](auto d) { return edo::sleep_for(d).deadline() - watch.start(); };
        EXPECT_EQ(after(std::chrono::duration<double>(0.1)), 100ms);
        EXPECT_EQ(after(std::chrono::duration<float>(0.5F)), 500ms);
        EXPECT_EQ(after(std::chrono::duration<int, std::micro>(1500)), 1500us);
        EXPECT_EQ(after(std::chrono::duration<int, std::milli>(2'100'000'000)), 2'100'000'000ms);
        EXPECT_EQ(after(std::chrono::duration<signed char, std::ratio<3600>>(100)), 100h);
        EXPECT_EQ(after(std::chrono::duration<unsigned>(7)), 7s);
        EXPECT_EQ(after(std::chrono::duration<std::int64_t, std::pico>(1)), 1ns);  // rounded up
        EXPECT_EQ(after(std::chrono::duration<int, std::ratio<1, 60>>(90)), 1500ms);
        co_return;
    }());
}

TEST_F(time_sleep, issue_5183) {
    run([]() -> task<> {
        const stopwatch watch;
        edo::join_set<int> set;
        set.spawn([]() -> task<int> {
            co_await edo::sleep_for(std::chrono::nanoseconds::max());
            co_return 1;
        });
        set.spawn([]() -> task<int> {
            co_await edo::sleep_for(1ns);
            co_return 2;
        });
        auto first = co_await set.join_next();
        EXPECT_EQ(first->value(), 2);
        EXPECT_LE(watch.elapsed(), 1ms);
    }());
}

task<> wait_on(edo::sleep& s) { co_await s; }

task<> all_have_a_turn() {
    for (int i = 0; i < 10; ++i) { co_await edo::yield_now(); }
}

TEST_F(time_sleep, drop_after_reschedule_at_new_scheduled_time) {
    run([]() -> task<> {
        const auto timers = [] { return edo::test::timers_of(edo::runtime_handle::current()); };
        const stopwatch watch;
        edo::sleep first = edo::sleep_for(5ms);
        std::optional<edo::sleep> second(edo::sleep_for(5ms));
        edo::sleep third = edo::sleep_for(10ms);
        // Each is registered by a task of its own, as long as that waits.
        edo::join_set<void> set;
        set.spawn(edo::unchecked(wait_on(first)));
        auto moved = set.spawn(edo::unchecked(wait_on(*second)));
        set.spawn(edo::unchecked(wait_on(third)));
        co_await all_have_a_turn();
        EXPECT_EQ(timers(), 3U);
        moved.abort();
        auto aborted = co_await set.join_next();
        EXPECT_FALSE(aborted->has_value());
        second->reset(watch.at(10ms));
        moved = set.spawn(edo::unchecked(wait_on(*second)));
        co_await all_have_a_turn();
        EXPECT_EQ(timers(), 3U);
        auto fired = co_await set.join_next();
        EXPECT_TRUE(fired->has_value());
        EXPECT_EQ(watch.elapsed(), 5ms);
        moved.abort();  // it lies in the slot that the third one waits in
        aborted = co_await set.join_next();
        EXPECT_FALSE(aborted->has_value());
        second.reset();
        EXPECT_EQ(timers(), 1U);
        fired = co_await set.join_next();
        EXPECT_TRUE(fired->has_value());
        EXPECT_EQ(watch.elapsed(), 10ms);
    }());
}

// Two clocks whose first ticks lie apart: a deadline is of the clock that waits for it.
TEST_F(time_sleep, tickspace) {
    const auto made = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() < made + 1500us) {}
    auto later = edo::runtime::current_thread().start_paused(true).build();
    std::optional<edo::sleep> s;
    run([](std::optional<edo::sleep>& out) -> task<> {
        out.emplace(edo::clock::now() + 1ms);
        EXPECT_FALSE(co_await poll_once(*out));
    }(s));
    later.block_on([](edo::sleep& there) -> task<> {
        there.reset(there.deadline() + 1ms);
        co_return;
    }(*s));
    run([](edo::sleep& back) -> task<> {
        const stopwatch watch;
        co_await back;
        EXPECT_EQ(watch.elapsed(), 2ms);
    }(*s));
}

/// Aborts all its siblings when its task ends or is dropped.
class abort_siblings {
public:
    using handles = std::shared_ptr<std::vector<edo::abort_handle>>;
    explicit abort_siblings(handles all) : all_(std::move(all)) {}
    abort_siblings(abort_siblings&&) = default;
    abort_siblings& operator=(abort_siblings&&) = default;
    ~abort_siblings() {
        if (all_ == nullptr) { return; }
        for (const edo::abort_handle& sibling : *all_) { sibling.abort(); }
    }

private:
    handles all_;
};

TEST_F(time_sleep, drop_from_wake) {
    run([]() -> task<> {
        auto handles = std::make_shared<std::vector<edo::abort_handle>>();
        edo::join_set<void> set;
        for (int i = 0; i < 100; ++i) {
            handles->push_back(set.spawn(
                [](abort_siblings::handles all) -> task<> {
                    const abort_siblings guard(std::move(all));
                    co_await edo::sleep_for(10ms);
                },
                edo::unchecked(handles)));
        }
        int ended = 0;
        int dropped = 0;
        while (auto next = co_await set.join_next()) { ++(next->has_value() ? ended : dropped); }
        EXPECT_EQ(ended + dropped, 100);
        EXPECT_GE(ended, 1);
        EXPECT_GE(dropped, 1);  // the first that woke has aborted those whose timer had fired too
        handles->clear();
    }());
}

TEST_F(time_sleep, a_dropped_sleep_leaves_no_timer_behind) {
    run([]() -> task<> {
        const auto timers = [] { return edo::test::timers_of(edo::runtime_handle::current()); };
        const stopwatch watch;
        auto sleeper = edo::spawn([]() -> task<> { co_await edo::sleep_for(1h); });
        auto fires = edo::spawn([]() -> task<> { co_await edo::sleep_for(30min); });
        EXPECT_EQ(timers(), 0U);
        for (int i = 0; i < 2; ++i) { co_await edo::yield_now(); }  // each has its turn
        EXPECT_EQ(timers(), 2U);
        sleeper.abort();
        auto result = co_await sleeper.join();
        EXPECT_FALSE(result.has_value());
        EXPECT_EQ(timers(), 1U);
        EXPECT_EQ(watch.elapsed(), 0ms);
        co_await edo::sleep_for(2h);
        EXPECT_EQ(timers(), 0U);
        EXPECT_EQ(watch.elapsed(), 2h);
        co_await fires;
    }());
}

}  // namespace
