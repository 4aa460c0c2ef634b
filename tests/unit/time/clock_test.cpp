#include "support/paused_fixture.hpp"

#include <chrono>
#include <stdexcept>
#include <thread>

namespace {

using namespace std::chrono_literals;
using edo::task;
using edo::test::stopwatch;

class test_clock : public edo::test::paused_test {};

static_assert(std::chrono::is_clock_v<edo::clock>);
static_assert(edo::clock::is_steady);

TEST_F(test_clock, can_pause_after_resume) {
    run([]() -> task<> {
        const stopwatch watch;
        co_await edo::time::advance(10s);
        edo::time::resume();
        edo::time::pause();
        co_await edo::time::advance(10s);
        EXPECT_GE(watch.elapsed(), 20s);
        EXPECT_LT(watch.elapsed(), 30s);
        edo::time::resume();
    }());
}

TEST_F(test_clock, goes_on_from_where_it_stood) {
    run([]() -> task<> {
        co_await edo::time::advance(1h);
        const auto before = edo::clock::now();
        edo::time::resume();
        EXPECT_GE(edo::clock::now(), before);
        EXPECT_LT(edo::clock::now(), before + 30min);
        co_await edo::sleep_for(2ms);  // in real time, though the clock is ahead of it
        EXPECT_GE(edo::clock::now(), before + 2ms);
        EXPECT_LT(edo::clock::now(), before + 30min);
        const auto resumed = edo::clock::now();
        edo::time::pause();
        EXPECT_GE(edo::clock::now(), resumed);
    }());
}

TEST_F(test_clock, freezing_time_while_frozen_panics) {
    run([]() -> task<> {
        EXPECT_THROW(edo::time::pause(), std::logic_error);
        co_return;
    }());
}

TEST_F(test_clock, advancing_time_when_time_is_not_frozen_panics) {
    run([]() -> task<> {
        edo::time::resume();
        bool threw = false;
        try {
            co_await edo::time::advance(1ms);
        } catch (const std::logic_error&) { threw = true; }
        EXPECT_TRUE(threw);
    }());
}

TEST_F(test_clock, resuming_time_when_not_frozen_panics) {
    run([]() -> task<> {
        edo::time::resume();
        EXPECT_THROW(edo::time::resume(), std::logic_error);
        co_return;
    }());
}

TEST_F(test_clock, needs_a_runtime_to_be_moved) {
    EXPECT_THROW(edo::time::pause(), edo::no_runtime_error);
    EXPECT_THROW(edo::time::resume(), edo::no_runtime_error);
}

TEST_F(test_clock, is_the_steady_clock_outside_of_runtimes) {
    const auto before = std::chrono::steady_clock::now().time_since_epoch();
    const auto now = edo::clock::now().time_since_epoch();
    const auto after = std::chrono::steady_clock::now().time_since_epoch();
    EXPECT_LE(before, now);
    EXPECT_LE(now, after);
}

TEST_F(test_clock, belongs_to_the_runtime_that_is_entered) {
    run([]() -> task<> { co_await edo::time::advance(1000h); }());
    const auto outside = edo::clock::now();
    const auto guard = rt().enter();
    EXPECT_GE(edo::clock::now(), outside + 999h);
}

TEST_F(test_clock, stands_still_for_blocking_closures_too) {
    run([]() -> task<> {
        const stopwatch watch;
        auto h = edo::spawn_blocking([] { return edo::clock::now(); });
        const auto seen = co_await h;
        EXPECT_EQ(seen, watch.start());
    }());
}

TEST_F(test_clock, start_paused_is_refused_on_a_multi_thread_runtime) {
    auto builder = edo::runtime::multi_thread();
    builder.start_paused(true);
    EXPECT_THROW(static_cast<void>(builder.build()), std::invalid_argument);
}

}  // namespace
