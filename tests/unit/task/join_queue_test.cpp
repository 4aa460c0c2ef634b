// Tasks that are joined in the order of their spawns.
#include "support/runtime_fixture.hpp"

#include <edo/edo.hpp>
#include <edo/sync/notify.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using edo::join_queue;
using edo::task;
using edo::sync::notify;

class join_queue_rt : public edo::test::runtime_test {};
INSTANTIATE_TEST_SUITE_P(kinds, join_queue_rt, edo::test::all_kinds, edo::test::kind_name);

task<int> value(int v) { co_return v; }
task<int> value_after(std::shared_ptr<notify> gate, int v) {
    co_await gate->notified();
    co_return v;
}
task<int> forever() {
    co_await edo::sleep_for(24h);
    co_return 0;
}

TEST_P(join_queue_rt, gives_results_in_the_order_of_the_spawns) {
    auto body = []() -> task<> {
        auto gate = std::make_shared<notify>();
        join_queue<int> queue;
        queue.spawn(&value_after, gate, 0);
        auto second = queue.spawn(&value, 1);
        while (!second.is_finished()) { co_await edo::yield_now(); }
        EXPECT_FALSE(queue.try_join_next().has_value()) << "the first one has not ended";
        gate->notify_one();
        for (int i = 0; i < 2; ++i) {
            const auto next = co_await queue.join_next();
            EXPECT_TRUE(next && *next && **next == i);
        }
        const auto none = co_await queue.join_next();
        EXPECT_FALSE(none.has_value());
        EXPECT_TRUE(queue.empty());
    };
    rt().block_on(body());
}

TEST_P(join_queue_rt, a_dropped_join_next_loses_nothing) {
    auto body = []() -> task<> {
        auto gate = std::make_shared<notify>();
        join_queue<int> queue;
        queue.spawn(&value_after, gate, 3);
        auto won = co_await edo::select_biased(queue.join_next(), edo::yield_now());
        EXPECT_EQ(won.index(), 1U);
        EXPECT_EQ(queue.size(), 1U);
        gate->notify_one();
        const auto next = co_await queue.join_next();
        EXPECT_TRUE(next && *next && **next == 3);
    };
    rt().block_on(body());
}

TEST_P(join_queue_rt, test_join_queue_join_next_with_id) {
    auto body = []() -> task<> {
        join_queue<int> queue;
        std::vector<edo::task_id> ids;
        for (int i = 0; i < 100; ++i) { ids.push_back(queue.spawn(&value, i).id()); }
        for (int i = 0; i < 100; ++i) {
            const auto next = co_await queue.join_next_with_id();
            EXPECT_TRUE(next && next->first == ids[static_cast<std::size_t>(i)]);
            EXPECT_TRUE(next->second && *next->second == i);
        }
    };
    rt().block_on(body());
}

TEST_P(join_queue_rt, test_join_queue_with_manual_abort) {
    auto body = []() -> task<> {
        join_queue<int> queue;
        for (int i = 0; i < 16; ++i) {
            auto handle = i % 2 == 0 ? queue.spawn(&forever) : queue.spawn(&value, i);
            if (i % 2 == 0) { handle.abort(); }
        }
        for (int i = 0; i < 16; ++i) {
            const auto next = co_await queue.join_next();
            EXPECT_EQ((*next).has_value(), i % 2 != 0);
        }
    };
    rt().block_on(body());
}

TEST_P(join_queue_rt, join_all_and_its_failure) {
    auto body = []() -> task<> {
        join_queue<int> queue;
        for (int i = 0; i < 5; ++i) { queue.spawn(&value, i); }
        const auto all = co_await queue.join_all();
        EXPECT_EQ(all, (std::vector{0, 1, 2, 3, 4}));
        queue.spawn([]() -> task<int> {
            throw std::runtime_error("task");
            co_return 0;
        });
        auto other = queue.spawn(&forever);
        try {
            co_await queue.join_all();
            ADD_FAILURE() << "nothing was thrown";
        } catch (const std::runtime_error&) {}
        EXPECT_TRUE(queue.empty());
        while (!other.is_finished()) { co_await edo::yield_now(); }
    };
    rt().block_on(body());
}

TEST_P(join_queue_rt, takes_tasks_of_a_local_set_that_is_not_driven_yet) {
    edo::local_set local;
    join_queue<int> queue;
    auto thrice = [](edo::rc<int> n) -> task<int> { co_return 3 * *n; };
    for (int i = 0; i < 3; ++i) { queue.spawn_local_on(local, thrice, edo::make_rc<int>(i)); }
    EXPECT_EQ(queue.size(), 3U);
    EXPECT_FALSE(queue.try_join_next().has_value()) << "nobody drives the set";
    rt().block_on(local.run_until([&]() -> task<> {
        const auto all = co_await queue.join_all();
        EXPECT_EQ(all, (std::vector{0, 3, 6}));
    }));
}

TEST_P(join_queue_rt, abort_shutdown_drop_and_detach) {
    auto body = []() -> task<> {
        join_queue<int> queue;
        queue.spawn(&forever);
        queue.abort_all();
        const auto ended = co_await queue.join_next();
        EXPECT_TRUE(ended && !*ended && ended->error().is_cancelled());
        auto a = queue.spawn(&forever);
        co_await queue.shutdown();
        EXPECT_TRUE(a.is_finished());
        edo::abort_handle b;
        {
            join_queue<int> dropped;
            b = dropped.spawn(&forever);
        }
        while (!b.is_finished()) { co_await edo::yield_now(); }
        auto c = queue.spawn_blocking([] { return 7; });
        const auto blocking = co_await queue.join_next();
        EXPECT_TRUE(blocking && *blocking && **blocking == 7);
        auto gate = std::make_shared<notify>();
        auto d = queue.spawn(&value_after, gate, 1);
        queue.detach_all();
        EXPECT_TRUE(queue.empty());
        EXPECT_FALSE(d.is_finished());
        gate->notify_one();
        while (!d.is_finished()) { co_await edo::yield_now(); }
    };
    rt().block_on(body());
}

}  // namespace
