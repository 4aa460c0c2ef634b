// Sleeping by the real clock, on every kind of runtime. Ports time_rt.rs and what time_alt.rs asks of
// any timer.
#include "support/runtime_fixture.hpp"

#include <chrono>
#include <memory>
#include <vector>

namespace {

using namespace std::chrono_literals;
using edo::task;

class time_rt : public edo::test::runtime_test {};
INSTANTIATE_TEST_SUITE_P(kinds, time_rt, edo::test::all_kinds, edo::test::kind_name);

TEST_P(time_rt, timer_with_threaded_runtime) {
    const auto never_early = []() -> task<> {
        const auto start = std::chrono::steady_clock::now();
        co_await edo::sleep_for(10ms);
        EXPECT_GE(std::chrono::steady_clock::now() - start, 10ms);
    };
    rt().block_on(never_early());  // on a thread that is not lent
    rt().block_on(rt().spawn(never_early));
}

task<> expect_10ms_are_not_early() {
    const auto start = edo::clock::now();
    co_await edo::sleep_for(10ms);
    EXPECT_GE(edo::clock::now() - start, 10ms);
}

// time_alt.rs::sleep
TEST_P(time_rt, sleeps_outside_and_inside_of_workers_are_never_early) {
    rt().block_on([]() -> task<> {
        co_await expect_10ms_are_not_early();
        edo::join_set<void> set;
        for (int i = 0; i < 512; ++i) { set.spawn(&expect_10ms_are_not_early); }
        co_await set.join_all();
    }());
}

TEST_P(time_rt, short_sleeps) {
    const auto many = []() -> task<int> {
        int n = 0;
        for (; n < 1000; ++n) { co_await edo::sleep_for(0ms); }
        co_return n;
    };
    EXPECT_EQ(rt().block_on(many()), 1000);
    EXPECT_EQ(rt().block_on(rt().spawn(many)), 1000);
}

TEST_P(time_rt, starving) {
    rt().block_on([]() -> task<> {
        auto sleeper = edo::spawn([]() -> task<> { co_await edo::sleep_for(5ms); });
        auto busy = edo::spawn([]() -> task<> {
            for (;;) { co_await edo::yield_now(); }
        });
        co_await sleeper;
        busy.abort();
        auto result = co_await busy.join();
        EXPECT_FALSE(result.has_value());
    }());
}

TEST_P(time_rt, timeout_value) {
    rt().block_on([]() -> task<> {
        const auto start = edo::clock::now();
        auto never = edo::spawn([]() -> task<> { co_await edo::sleep_for(24h); });
        auto result = co_await edo::timeout(10ms, never);
        EXPECT_FALSE(result.has_value());
        EXPECT_GE(edo::clock::now() - start, 10ms);
        never.abort();
        auto ended = co_await never.join();
        EXPECT_FALSE(ended.has_value());
    }());
}

TEST_P(time_rt, a_sleep_in_a_blocking_closure_ends) {
    auto h = rt().spawn_blocking([] {
        edo::runtime_handle::current().block_on(edo::sleep_for(2ms));
        return 1;
    });
    EXPECT_EQ(rt().block_on(std::move(h)), 1);
}

TEST_P(time_rt, sleeps_that_are_dropped_by_another_thread_while_they_fire_leave_no_timer) {
    for (int round = 0; round < 10; ++round) {
        std::vector<edo::join_handle<void>> sleepers;
        sleepers.reserve(100);
        for (int i = 0; i < 100; ++i) {
            sleepers.push_back(rt().spawn(
                [](int n) -> task<> {
                    co_await edo::sleep_for(std::chrono::milliseconds(1 + n % 3));
                },
                i));
        }
        rt().block_on(edo::sleep_for(1ms));
        for (auto& sleeper : sleepers) { sleeper.abort(); }
        auto join_all = [&]() -> task<> {
            for (auto& sleeper : sleepers) {
                auto result = co_await sleeper.join();
                EXPECT_TRUE(result.has_value() || result.error().is_cancelled());
            }
        };
        rt().block_on(join_all());
    }
    rt().block_on(edo::sleep_for(5ms));  // a timer that was left would fire into freed memory
}

// Where Tokio binds a sleep to the runtime that made it (time_alt.rs::reset_should_stay_on_…), here
// it belongs to whoever awaits it, and may outlive the runtime where it waited before.
TEST_P(time_rt, a_sleep_moves_to_the_runtime_that_awaits_it) {
    edo::sleep s = edo::sleep_for(24h);
    const auto waits = [](edo::sleep& on) -> task<bool> {
        auto result = co_await edo::timeout(1ms, on);
        co_return result.has_value();
    };
    EXPECT_FALSE(rt().block_on(waits(s)));
    const auto first = rt().handle();
    auto other = edo::runtime::current_thread().build();
    other.block_on([](edo::sleep& there) -> task<> {
        there.reset(edo::clock::now() + 2ms);
        co_return;
    }(s));
    EXPECT_EQ(edo::test::timers_of(first), 0U);
    stop();
    other.block_on(s);
    EXPECT_TRUE(s.is_elapsed());
}

TEST_P(time_rt, a_sleep_registers_where_it_first_suspends) {
    auto s = std::make_shared<edo::sleep>(edo::clock::time_point::max());
    s->reset(edo::clock::now() + 2ms);
    rt().block_on(*s);
    EXPECT_TRUE(s->is_elapsed());
}

}  // namespace
