// Sets of tasks, joined in the order of their ends. Ports task_join_set.rs.
#include "support/runtime_fixture.hpp"

#include <edo/sync/notify.hpp>

#include <algorithm>
#include <memory>
#include <set>
#include <stdexcept>
#include <vector>

namespace {

using edo::task;
using edo::test::counted;
using namespace std::chrono_literals;

using gate = std::shared_ptr<edo::sync::notify>;
task<int> value(int v) { co_return v; }
task<> forever() { co_await edo::sleep_until(edo::clock::time_point::max()); }
task<int> forever_with(counted) {
    co_await forever();
    co_return 0;
}
task<int> boom() {
    co_await edo::yield_now();
    throw std::runtime_error("boom");
}

class join_set : public edo::test::runtime_test {};

TEST_P(join_set, of_nothing_gives_nothing_at_once) {
    auto body = []() -> task<> {
        edo::join_set<int> set;
        EXPECT_TRUE(set.empty());
        EXPECT_FALSE(set.try_join_next());
        EXPECT_FALSE(co_await set.join_next());
        EXPECT_FALSE(co_await set.join_next_with_id());
        EXPECT_TRUE((co_await set.join_all()).empty());
        co_await set.shutdown();
    };
    rt().block_on(body());
}

TEST_P(join_set, abort_tasks) {
    auto body = []() -> task<> {
        edo::join_set<int> set;
        for (int i = 0; i < 16; ++i) {
            auto handle = set.spawn(
                [](int n) -> task<int> {
                    if (n % 2 == 0) { co_await forever(); }
                    co_return n;
                },
                i);
            if (i % 2 == 0) { handle.abort(); }
        }
        int cancelled = 0;
        std::set<int> values;
        while (auto next = co_await set.join_next()) {
            if (*next) {
                values.insert(**next);
            } else {
                EXPECT_TRUE(next->error().is_cancelled());
                ++cancelled;
            }
        }
        EXPECT_EQ(cancelled, 8);
        EXPECT_EQ(values, (std::set<int>{1, 3, 5, 7, 9, 11, 13, 15}));
    };
    rt().block_on(body());
}

TEST_P(join_set, runtime_gone) {
    edo::join_set<int> set;
    {
        auto other = edo::runtime::multi_thread().worker_threads(1).build();
        std::atomic<int> alive = 0;
        for (int i = 0; i < 4; ++i) { set.spawn_on(other.handle(), &forever_with, counted(alive)); }
        { auto gone = std::move(other); }
        EXPECT_EQ(alive, 0);
    }
    auto body = [&]() -> task<int> {
        int cancelled = 0;
        while (auto next = co_await set.join_next()) {
            cancelled += !*next && next->error().is_cancelled() ? 1 : 0;
        }
        co_return cancelled;
    };
    EXPECT_EQ(rt().block_on(body()), 4);
}

TEST_P(join_set, join_all) {
    auto body = []() -> task<std::vector<int>> {
        edo::join_set<int> set;
        for (int i = 0; i < 5; ++i) { set.spawn(&value, i); }
        auto all = co_await set.join_all();
        EXPECT_TRUE(set.empty());
        co_return all;
    };
    auto all = rt().block_on(body());
    std::ranges::sort(all);
    EXPECT_EQ(all, (std::vector{0, 1, 2, 3, 4}));
}

TEST_P(join_set, task_panics) {
    std::atomic<int> alive = 0;
    auto body = [&]() -> task<> {
        edo::join_set<int> set;
        set.spawn(&forever_with, counted(alive));
        set.spawn(&boom);
        bool thrown = false;
        try {
            static_cast<void>(co_await set.join_all());
        } catch (const std::runtime_error&) { thrown = true; }
        EXPECT_TRUE(thrown);
        EXPECT_TRUE(set.empty());
        while (alive != 0) { co_await edo::yield_now(); }  // the other one was aborted
    };
    rt().block_on(body());
}

TEST_P(join_set, join_all_of_void_waits_for_all) {
    auto sum = std::make_shared<std::atomic<int>>(0);
    auto body = [&]() -> task<> {
        edo::join_set<void> set;
        for (int i = 0; i < 10; ++i) {
            set.spawn(
                [](std::shared_ptr<std::atomic<int>> s) -> task<> {
                    co_await edo::yield_now();
                    ++*s;
                },
                sum);
        }
        co_await set.join_all();
        EXPECT_EQ(*sum, 10);
    };
    rt().block_on(body());
}

TEST_P(join_set, abort_all) {
    std::atomic<int> alive = 0;
    auto body = [&]() -> task<> {
        edo::join_set<int> set;
        for (int i = 0; i < 5; ++i) { set.spawn(&forever_with, counted(alive)); }
        std::vector<edo::abort_handle> finished;
        for (int i = 0; i < 5; ++i) { finished.push_back(set.spawn(&value, i)); }
        for (auto& f : finished) {
            while (!f.is_finished()) { co_await edo::yield_now(); }
        }
        set.abort_all();
        EXPECT_EQ(set.size(), 10U);
        int values = 0;
        int cancelled = 0;
        while (auto next = co_await set.join_next()) {
            (*next ? values : cancelled) += 1;
            EXPECT_TRUE(*next || next->error().is_cancelled());
        }
        EXPECT_EQ(values, 5);
        EXPECT_EQ(cancelled, 5);
        EXPECT_EQ(set.size(), 0U);
        EXPECT_EQ(alive, 0);
    };
    rt().block_on(body());
}

TEST_P(join_set, try_join_next) {
    static constexpr int count = 1000;
    auto body = []() -> task<> {
        edo::join_set<void> set;
        std::vector<edo::abort_handle> handles;
        auto g = std::make_shared<edo::sync::notify>();
        const auto in_turn = [](gate mine) -> task<> {
            auto opened = mine->notified();
            co_await opened;
            mine->notify_one();
        };
        for (int i = 0; i < count; ++i) { handles.push_back(set.spawn(in_turn, g)); }
        co_await edo::yield_now();
        EXPECT_FALSE(set.try_join_next()) << "nothing has finished";
        g->notify_one();
        for (auto& h : handles) {
            while (!h.is_finished()) { co_await edo::yield_now(); }
        }
        int joined = 0;
        while (!set.empty()) {  // a task is finished a little before its set hears of it
            if (set.try_join_next()) {
                ++joined;
            } else {
                co_await edo::yield_now();
            }
        }
        EXPECT_EQ(joined, count);
        EXPECT_TRUE(set.empty());
    };
    rt().block_on(body());
}

// Its tasks have ended, so that each join_next is ready: the budget makes the caller yield.
TEST_P(join_set, join_set_coop) {
    static constexpr std::uint64_t count = 1000;
    auto handle = rt().spawn([]() -> task<std::uint64_t> {
        const auto yields = [] {
            return edo::runtime_handle::current().metrics().budget_forced_yield_count();
        };
        edo::join_set<void> set;
        std::vector<edo::abort_handle> handles;
        for (std::uint64_t i = 0; i < count; ++i) {
            handles.push_back(set.spawn([]() -> task<> { co_return; }));
        }
        for (auto& h : handles) {
            while (!h.is_finished()) { co_await edo::yield_now(); }
        }
        const std::uint64_t before = yields();
        std::uint64_t joined = 0;
        while (auto next = co_await set.join_next()) { joined += next->has_value() ? 1 : 0; }
        EXPECT_EQ(joined, count);
        co_return yields() - before;
    });
    EXPECT_GE(rt().block_on(std::move(handle)), count / 128);
}

TEST_P(join_set, alternating) {
    auto body = []() -> task<> {
        edo::join_set<int> set;
        EXPECT_EQ(set.size(), 0U);
        set.spawn(&value, 0);
        EXPECT_EQ(set.size(), 1U);
        set.spawn(&value, 1);
        EXPECT_EQ(set.size(), 2U);
        for (int i = 2; i < 18; ++i) {
            auto next = co_await set.join_next();
            EXPECT_TRUE(next && next->has_value());
            EXPECT_EQ(set.size(), 1U);
            set.spawn(&value, i);
            EXPECT_EQ(set.size(), 2U);
        }
        co_await set.shutdown();
    };
    rt().block_on(body());
}

TEST_P(join_set, try_join_next_with_id) {
    auto body = []() -> task<> {
        edo::join_set<int> set;
        std::set<edo::task_id> spawned;
        std::set<edo::task_id> joined;
        std::vector<edo::abort_handle> handles;
        for (int i = 0; i < 100; ++i) {
            handles.push_back(set.spawn(&value, i));
            spawned.insert(handles.back().id());
        }
        for (auto& h : handles) {
            while (!h.is_finished()) { co_await edo::yield_now(); }
        }
        while (!set.empty()) {  // a task is finished a little before its set hears of it
            if (const auto next = set.try_join_next_with_id()) {
                joined.insert(next->first);
            } else {
                co_await edo::yield_now();
            }
        }
        EXPECT_EQ(joined, spawned);
        auto last = set.spawn(&value, 1);
        auto next = co_await set.join_next_with_id();
        EXPECT_TRUE(next && next->first == last.id() && next->second && *next->second == 1);
    };
    rt().block_on(body());
}

TEST_P(join_set, test_abort_on_drop) {
    std::atomic<int> alive = 0;
    auto body = [&]() -> task<> {
        {
            edo::join_set<int> set;
            for (int i = 0; i < 16; ++i) { set.spawn(&forever_with, counted(alive)); }
            co_await edo::yield_now();
            EXPECT_EQ(set.size(), 16U);
        }
        while (alive != 0) { co_await edo::yield_now(); }
    };
    rt().block_on(body());
}

TEST_P(join_set, detach_all_lets_the_tasks_go_on) {
    auto sum = std::make_shared<std::atomic<int>>(0);
    auto g = std::make_shared<edo::sync::notify>();
    auto body = [&]() -> task<> {
        edo::join_set<void> set;
        for (int i = 0; i < 5; ++i) {
            set.spawn(
                [](std::shared_ptr<std::atomic<int>> s) -> task<> {
                    co_await edo::yield_now();
                    ++*s;
                },
                sum);
        }
        set.detach_all();
        EXPECT_TRUE(set.empty());
        EXPECT_FALSE(co_await set.join_next());
        while (*sum != 5) { co_await edo::yield_now(); }
        set.spawn([]() -> task<> { co_return; });  // it can be used again
        EXPECT_TRUE(co_await set.join_next());
        EXPECT_FALSE(co_await set.join_next());
    };
    rt().block_on(body());
}

TEST_P(join_set, shutdown_aborts_and_waits) {
    std::atomic<int> alive = 0;
    auto body = [&]() -> task<> {
        edo::join_set<int> set;
        for (int i = 0; i < 8; ++i) { set.spawn(&forever_with, counted(alive)); }
        co_await edo::yield_now();
        co_await set.shutdown();
        EXPECT_TRUE(set.empty());
        EXPECT_EQ(alive, 0);
    };
    rt().block_on(body());
}

TEST_P(join_set, moves_with_its_tasks) {
    auto body = []() -> task<> {
        edo::join_set<int> first;
        first.spawn(&value, 1);
        edo::join_set<int> second(std::move(first));
        second.spawn(&value, 2);
        auto all = co_await second.join_all();
        EXPECT_EQ(all.size(), 2U);
        edo::join_set<int> third;
        third = std::move(second);
        third.spawn(&value, 3);
        auto next = co_await third.join_next();
        EXPECT_TRUE(next && *next && **next == 3);
    };
    rt().block_on(body());
}

TEST_P(join_set, that_takes_another_one_aborts_its_own_tasks) {
    auto body = []() -> task<> {
        edo::join_set<int> first;
        first.spawn([]() -> task<int> {
            co_await edo::sleep_for(std::chrono::hours(1));
            co_return 1;
        });
        edo::join_set<int> second;
        second.spawn(&value, 2);
        first = std::move(second);
        auto all = co_await first.join_all();
        EXPECT_EQ(all, std::vector<int>{2});
    };
    rt().block_on(body());
}

TEST_P(join_set, takes_blocking_closures_and_tasks) {
    auto body = []() -> task<> {
        edo::join_set<int> set;
        set.spawn_blocking([](int x) { return x; }, 1);
        set.spawn(value(2));
        auto all = co_await set.join_all();
        EXPECT_EQ(all[0] + all[1], 3);
    };
    rt().block_on(body());
}

TEST_P(join_set, wakes_who_waits_for_each_end) {
    auto body = []() -> task<> {
        edo::join_set<int> set;
        std::vector<gate> gates;
        for (int i = 0; i < 20; ++i) {
            gates.push_back(std::make_shared<edo::sync::notify>());
            set.spawn(
                [](gate g, int n) -> task<int> {
                    auto opened = g->notified();
                    co_await opened;
                    co_return n;
                },
                gates.back(), i);
        }
        for (int i = 19; i >= 0; --i) {
            gates[static_cast<std::size_t>(i)]->notify_one();
            auto next = co_await set.join_next();
            EXPECT_TRUE(next && *next && **next == i);  // the order of the ends
        }
    };
    rt().block_on(body());
}

TEST_P(join_set, drop_destroys_results_that_nobody_has_taken) {
    std::atomic<int> alive = 0;
    auto body = [&]() -> task<> {
        edo::join_set<counted> set;
        auto handle = set.spawn([](counted c) -> task<counted> { co_return c; }, counted(alive));
        while (!handle.is_finished()) { co_await edo::yield_now(); }
        EXPECT_EQ(alive, 1);
    };
    rt().block_on(body());
    EXPECT_EQ(alive, 0);
}

INSTANTIATE_TEST_SUITE_P(task, join_set, edo::test::all_kinds, edo::test::kind_name);

class join_set_in_paused_time : public edo::test::leak_check {
protected:
    edo::runtime rt = edo::runtime::current_thread().start_paused(true).build();
    void SetUp() override { watch(rt); }
};

TEST_F(join_set_in_paused_time, ten_sleepers_end_together_after_100_ms) {
    auto body = []() -> task<> {
        edo::join_set<int> set;
        for (int i = 0; i < 10; ++i) {
            set.spawn(
                [](int n) -> task<int> {
                    co_await edo::sleep_for(100ms);
                    co_return n * 2;
                },
                i);
        }
        const auto start = edo::clock::now();
        int sum = 0;
        while (auto next = co_await set.join_next()) { sum += next->value(); }
        EXPECT_EQ(sum, 90);
        EXPECT_EQ(edo::clock::now() - start, 100ms);
    };
    rt.block_on(body());
}

TEST_F(join_set_in_paused_time, test_with_sleep) {
    auto body = []() -> task<> {
        edo::join_set<int> set;
        const auto sleeps = [](int n) -> task<int> {
            co_await edo::sleep_for(std::chrono::milliseconds(10 * (10 - n)));
            co_return n;
        };
        for (int round = 0; round < 2; ++round) {
            for (int i = 0; i < 10; ++i) {
                set.spawn(sleeps, i);
                EXPECT_EQ(set.size(), static_cast<std::size_t>(1 + i));
            }
            std::vector<int> order;
            while (auto next = co_await set.join_next()) { order.push_back(next->value()); }
            EXPECT_EQ(order, (std::vector{9, 8, 7, 6, 5, 4, 3, 2, 1, 0}));
            EXPECT_TRUE(set.empty());
        }
    };
    rt.block_on(body());
}

TEST_F(join_set_in_paused_time, a_dropped_join_next_loses_no_result) {
    auto body = []() -> task<> {
        edo::join_set<int> set;
        for (int i = 1; i <= 20; ++i) {
            set.spawn(
                [](int n) -> task<int> {
                    co_await edo::sleep_for(std::chrono::milliseconds(10 * n));
                    co_return n;
                },
                i);
        }
        int got = 0;
        int dropped = 0;
        while (!set.empty()) {
            auto next = co_await edo::timeout(5ms, set.join_next());
            if (next) {
                ++got;
                EXPECT_EQ((*next)->value(), got);
            } else {
                ++dropped;
            }
        }
        EXPECT_EQ(got, 20);
        EXPECT_GE(dropped, 20);
    };
    rt.block_on(body());
}

}  // namespace
