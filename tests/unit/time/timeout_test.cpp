#include "support/paused_fixture.hpp"

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>

namespace {

using namespace std::chrono_literals;
using edo::task;
using edo::test::stopwatch;

class time_timeout : public edo::test::paused_test {};

task<int> value_after(std::chrono::milliseconds d, int value) {
    co_await edo::sleep_for(d);
    co_return value;
}
task<int> value_now(int value) { co_return value; }

TEST_F(time_timeout, simultaneous_deadline_future_completion) {
    run([]() -> task<> {
        auto result = co_await edo::timeout(0ms, value_now(1));
        EXPECT_EQ(result, 1);
        auto at_deadline = co_await edo::timeout_at(edo::clock::now(), value_now(2));
        EXPECT_EQ(at_deadline, 2);
    }());
}

TEST_F(time_timeout, completed_future_past_deadline) {
    run([]() -> task<> {
        auto result = co_await edo::timeout_at(edo::clock::now() - 1s, value_now(3));
        EXPECT_EQ(result, 3);
        auto negative = co_await edo::timeout(-1s, value_now(4));
        EXPECT_EQ(negative, 4);
    }());
}

TEST_F(time_timeout, future_and_deadline_in_future) {
    run([]() -> task<> {
        const stopwatch watch;
        auto result = co_await edo::timeout_at(watch.at(100ms), value_after(90ms, 5));
        EXPECT_EQ(result, 5);
        EXPECT_EQ(watch.elapsed(), 90ms);
    }());
}

TEST_F(time_timeout, deadline_now_elapses) {
    run([]() -> task<> {
        const stopwatch watch;
        auto result = co_await edo::timeout_at(watch.start(), value_after(24h, 5));
        EXPECT_FALSE(result.has_value());
        auto never = co_await edo::timeout(0ms, edo::sleep_until(edo::clock::time_point::max()));
        EXPECT_FALSE(never.has_value());
        EXPECT_EQ(watch.elapsed(), 0ms);
    }());
}

TEST_F(time_timeout, deadline_future_elapses) {
    run([]() -> task<> {
        const stopwatch watch;
        auto h = edo::spawn(
            [](edo::clock::time_point deadline) -> task<bool> {
                auto result = co_await edo::timeout_at(
                    deadline, edo::sleep_until(edo::clock::time_point::max()));
                co_return result.has_value();
            },
            watch.at(300ms));
        for (const auto d : {0ms, 299ms}) {
            co_await edo::time::advance(d);
            co_await edo::yield_now();
            EXPECT_FALSE(h.is_finished());
        }
        co_await edo::time::advance(1ms);
        for (int i = 0; i < 2; ++i) { co_await edo::yield_now(); }
        EXPECT_TRUE(h.is_finished());
        EXPECT_FALSE(co_await h);
    }());
}

TEST_F(time_timeout, future_and_timeout_in_future) {
    run([]() -> task<> {
        const stopwatch watch;
        auto result = co_await edo::timeout(100ms, value_after(90ms, 5));
        EXPECT_EQ(result, 5);
        EXPECT_EQ(watch.elapsed(), 90ms);
        auto late = co_await edo::timeout(100ms, value_after(101ms, 6));
        EXPECT_FALSE(late.has_value());
        EXPECT_STREQ(late.error().what(), "deadline has elapsed");
        EXPECT_EQ(watch.elapsed(), 190ms);
    }());
}

TEST_F(time_timeout, counts_from_its_call) {
    run([]() -> task<> {
        const stopwatch watch;
        auto named = edo::timeout(10ms, value_after(1h, 1));
        co_await edo::sleep_for(6ms);
        auto moved = std::move(named);
        auto result = co_await std::move(moved);
        EXPECT_FALSE(result.has_value());
        EXPECT_EQ(watch.elapsed(), 10ms);
        auto late = edo::timeout(10ms, value_after(1h, 1));
        co_await edo::sleep_for(11ms);
        EXPECT_FALSE((co_await std::move(late)).has_value());
        EXPECT_EQ(watch.elapsed(), 21ms);
    }());
}

// The deadline passes while what it times runs for the first time.
TEST_F(time_timeout, of_what_computes_beyond_the_deadline) {
    run([]() -> task<> {
        const stopwatch watch;
        auto slow = []() -> task<int> {
            co_await edo::time::advance(20ms);
            co_return co_await value_after(1h, 1);
        };
        EXPECT_FALSE((co_await edo::timeout(10ms, slow())).has_value());
        EXPECT_EQ(watch.elapsed(), 20ms);
    }());
}

TEST_F(time_timeout, is_awaited_once) {
    run([]() -> task<> {
        auto over = edo::timeout(1ms, value_now(1));
        EXPECT_EQ(co_await std::move(over), 1);
        EXPECT_THROW(co_await std::move(over),
                     std::logic_error);  // NOLINT(bugprone-use-after-move)
    }());
}

TEST_F(time_timeout, very_large_timeout) {
    run([]() -> task<> {
        auto result =
            co_await edo::timeout(std::chrono::hours::max(), value_after(24h * 365 * 10, 7));
        EXPECT_EQ(result, 7);
    }());
}

TEST_F(time_timeout, passes_exceptions_on_and_takes_every_kind_of_result) {
    run([]() -> task<> {
        bool caught = false;
        try {
            static_cast<void>(co_await edo::timeout(1s, []() -> task<> {
                co_await edo::sleep_for(1ms);
                throw std::runtime_error("boom");
            }()));
        } catch (const std::runtime_error& e) { caught = e.what() == std::string("boom"); }
        EXPECT_TRUE(caught);
        auto nothing = co_await edo::timeout(1s, []() -> task<> { co_return; }());
        EXPECT_TRUE(nothing.has_value());
        auto unique = co_await edo::timeout(
            1s, []() -> task<std::unique_ptr<int>> { co_return std::make_unique<int>(8); }());
        EXPECT_EQ(**unique, 8);
        int target = 1;
        const auto refer = [](int& i) -> task<int&> { co_return i; };
        auto reference = co_await edo::timeout(1s, refer(target));
        EXPECT_EQ(&reference->get(), &target);
    }());
}

TEST_F(time_timeout, drops_what_it_timed_out_before_it_returns) {
    std::atomic<int> alive{0};
    const auto holding = [](edo::test::counted) -> task<> { co_await edo::sleep_for(1h); };
    const auto body = [&]() -> task<> {
        edo::test::counted value(alive);
        auto result = co_await edo::timeout(1ms, holding(value));
        EXPECT_FALSE(result.has_value());
        EXPECT_EQ(alive, 1);
    };
    run(body());
    EXPECT_EQ(alive, 0);
}

TEST_F(time_timeout, of_an_lvalue_join_handle_leaves_it_joinable) {
    run([]() -> task<> {
        auto h = edo::spawn(value_after, 100ms, 9);
        for (int i = 1; i <= 3; ++i) {
            auto result = co_await edo::timeout(10ms, h);
            EXPECT_FALSE(result.has_value());
        }
        EXPECT_FALSE(h.is_finished());
        auto result = co_await edo::timeout(100ms, h);
        EXPECT_EQ(result, 9);
    }());
}

TEST_F(time_timeout, of_an_rvalue_join_handle_detaches_the_task) {
    run([]() -> task<> {
        auto ended = std::make_shared<bool>(false);
        auto h = edo::spawn(
            [](std::shared_ptr<bool> flag) -> task<> {
                co_await edo::sleep_for(100ms);
                *flag = true;
            },
            ended);
        auto result = co_await edo::timeout(10ms, std::move(h));
        EXPECT_FALSE(result.has_value());
        EXPECT_FALSE(*ended);
        co_await edo::sleep_for(100ms);
        EXPECT_TRUE(*ended);
    }());
}

TEST_F(time_timeout, of_a_join_next_loses_no_result) {
    run([]() -> task<> {
        edo::join_set<int> set;
        set.spawn(value_after, 25ms, 1);
        int waits = 0;
        for (;;) {
            ++waits;
            auto next = co_await edo::timeout(10ms, set.join_next());
            if (next.has_value()) {
                EXPECT_EQ((*next)->value(), 1);
                break;
            }
        }
        EXPECT_EQ(waits, 3);
    }());
}

task<int> nest(int depth, std::chrono::milliseconds innermost) {
    if (depth == 0) { co_return co_await value_after(innermost, 10); }
    auto result = co_await edo::timeout(1s, nest(depth - 1, innermost));
    co_return result.value_or(-1);
}

TEST_F(time_timeout, nests_a_thousand_deep) {
    run([]() -> task<> {
        const stopwatch watch;
        EXPECT_EQ(co_await nest(1000, 10ms), 10);
        EXPECT_EQ(watch.elapsed(), 10ms);
        auto outer = co_await edo::timeout(5ms, nest(1000, 10ms));  // drops them all
        EXPECT_FALSE(outer.has_value());
        EXPECT_EQ(watch.elapsed(), 15ms);
        EXPECT_EQ(co_await nest(1000, 10s), -1);  // all end at the same moment
        EXPECT_EQ(watch.elapsed(), 1015ms);
    }());
}

TEST_F(time_timeout, a_task_can_be_aborted_inside_of_it) {
    std::atomic<int> alive{0};
    const auto body = [&]() -> task<> {
        edo::test::counted value(alive);
        auto h = edo::spawn(
            [](edo::test::counted kept) -> task<> {
                static_cast<void>(kept);
                co_await edo::timeout(1h, nest(3, 2h));
            },
            value);
        co_await edo::sleep_for(1ms);
        EXPECT_GT(alive, 1);
        h.abort();
        auto result = co_await h.join();
        EXPECT_FALSE(result.has_value());
        EXPECT_TRUE(result.error().is_cancelled());
        EXPECT_EQ(alive, 1);
    };
    run(body());
}

TEST_F(time_timeout, aborted_before_its_first_turn_it_destroys_what_it_holds) {
    run([]() -> task<> {
        auto h = edo::spawn([]() -> task<> { co_await edo::timeout(1h, value_after(1h, 1)); });
        h.abort();
        auto result = co_await h.join();
        EXPECT_FALSE(result.has_value());
        {
            auto never_awaited = edo::timeout(1h, value_after(1h, 1));
            static_cast<void>(never_awaited);
        }
    }());
}

// --- borrowed awaitables: what outlives the timeout must not keep its suspension ---

TEST_F(time_timeout, a_borrowed_sleep_can_be_awaited_again) {
    run([]() -> task<> {
        const stopwatch watch;
        edo::sleep s = edo::sleep_for(100ms);
        for (int i = 0; i < 5; ++i) {
            auto early = co_await edo::timeout(10ms, s);
            EXPECT_FALSE(early.has_value());
        }
        EXPECT_EQ(watch.elapsed(), 50ms);
        co_await s;
        EXPECT_EQ(watch.elapsed(), 100ms);
    }());
}

TEST_F(time_timeout, a_borrowed_sleep_that_fires_after_its_timeout_wakes_nobody) {
    run([]() -> task<> {
        edo::sleep s = edo::sleep_for(20ms);
        auto early = co_await edo::timeout(10ms, s);
        EXPECT_FALSE(early.has_value());
        co_await edo::sleep_for(100ms);  // its timer passes here
        co_await s;
    }());
}

TEST_F(time_timeout, a_borrowed_tick_can_be_awaited_again) {
    run([]() -> task<> {
        const stopwatch watch;
        auto iv = edo::interval_at(watch.at(100ms), 50ms);
        auto tick = iv.tick();
        for (int i = 0; i < 5; ++i) {
            auto early = co_await edo::timeout(10ms, tick);
            EXPECT_FALSE(early.has_value());
        }
        const auto at = co_await tick;
        EXPECT_EQ(at, watch.at(100ms));
    }());
}

TEST_F(time_timeout, a_borrowed_join_next_can_be_awaited_again) {
    run([]() -> task<> {
        edo::join_set<int> set;
        set.spawn(value_after, 100ms, 8);
        auto next = set.join_next();
        for (int i = 0; i < 5; ++i) {
            auto early = co_await edo::timeout(10ms, next);
            EXPECT_FALSE(early.has_value());
        }
        auto result = co_await next;
        EXPECT_EQ(result.value().value(), 8);
    }());
}

// --- with the real clock, on every kind of runtime ---

class real_timeout : public edo::test::runtime_test {};
INSTANTIATE_TEST_SUITE_P(kinds, real_timeout, edo::test::all_kinds, edo::test::kind_name);

TEST_P(real_timeout, timeout_is_not_exhausted_by_future) {
    rt().block_on([]() -> task<> {
        auto result = co_await edo::timeout(2ms, []() -> task<> {
            for (;;) { co_await edo::consume_budget(); }
        }());
        EXPECT_FALSE(result.has_value());
    }());
}

task<> expect_a_timeout_that_is_not_early() {
    const auto start = edo::clock::now();
    auto result = co_await edo::timeout(10ms, edo::sleep_until(edo::clock::time_point::max()));
    EXPECT_FALSE(result.has_value());
    EXPECT_GE(edo::clock::now() - start, 10ms);
}

// time_alt.rs::timeout
TEST_P(real_timeout, outside_and_inside_of_workers_is_never_early) {
    rt().block_on([]() -> task<> {
        co_await expect_a_timeout_that_is_not_early();
        edo::join_set<void> set;
        for (int i = 0; i < 512; ++i) { set.spawn(&expect_a_timeout_that_is_not_early); }
        co_await set.join_all();
    }());
}

TEST_P(real_timeout, of_a_task_that_yields_for_ever) {
    auto h = rt().spawn([]() -> task<bool> {
        auto result = co_await edo::timeout(2ms, []() -> task<> {
            for (;;) { co_await edo::yield_now(); }
        }());
        co_return result.has_value();
    });
    EXPECT_FALSE(rt().block_on(std::move(h)));
}

TEST_P(real_timeout, the_value_and_the_deadline_race) {
    std::vector<edo::join_handle<bool>> tasks;
    tasks.reserve(200);
    for (int i = 0; i < 200; ++i) {
        tasks.push_back(rt().spawn([]() -> task<bool> {
            auto inner = edo::spawn(value_after, 1ms, 1);
            auto result = co_await edo::timeout(1ms, inner);
            if (!result) { co_return co_await inner == 1; }
            co_return *result == 1;
        }));
    }
    for (auto& h : tasks) { EXPECT_TRUE(rt().block_on(std::move(h))); }
}

}  // namespace
