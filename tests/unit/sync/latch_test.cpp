#include <edo/edo.hpp>
#include <edo/sync/latch.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "support/paused_fixture.hpp"
#include "support/poll.hpp"
#include "support/runtime_fixture.hpp"

namespace {

namespace test = edo::test;
using edo::sync::latch;
using latch_wait = decltype(std::declval<latch&>().wait());

TEST(latch, opens_when_the_count_has_come_to_0) {
    latch l(3);
    auto waiting = test::by_hand(l.wait());
    EXPECT_FALSE(waiting.poll());
    l.count_down();
    EXPECT_FALSE(l.try_wait());
    l.count_down();
    EXPECT_FALSE(l.try_wait());
    EXPECT_FALSE(waiting.is_woken());
    l.count_down();
    EXPECT_TRUE(l.try_wait());
    EXPECT_EQ(waiting.wakes(), 1);
    EXPECT_TRUE(waiting.poll());
    waiting.take();
}

TEST(latch, stays_open) {
    latch l(1);
    l.count_down();
    for (int i = 0; i < 3; ++i) {
        auto waiting = test::by_hand(l.wait());
        EXPECT_TRUE(waiting.poll());
        waiting.take();
        EXPECT_TRUE(l.try_wait());
    }
}

TEST(latch, of_0_is_open) {
    latch l(0);
    EXPECT_TRUE(l.try_wait());
    auto waiting = test::by_hand(l.wait());
    EXPECT_TRUE(waiting.poll());
    l.count_down(0);
    EXPECT_THROW(l.count_down(), std::invalid_argument);
}

TEST(latch, counts_several_down_at_once) {
    latch l(5);
    auto waiting = test::by_hand(l.wait());
    EXPECT_FALSE(waiting.poll());
    l.count_down(0);
    l.count_down(2);
    EXPECT_FALSE(waiting.is_woken());
    l.count_down(3);
    EXPECT_TRUE(waiting.is_woken());
}

TEST(latch, below_0_is_refused) {
    latch l(2);
    auto waiting = test::by_hand(l.wait());
    EXPECT_FALSE(waiting.poll());
    EXPECT_THROW(l.count_down(3), std::invalid_argument);
    EXPECT_FALSE(waiting.is_woken());
    EXPECT_THROW(static_cast<void>(l.arrive_and_wait(3)), std::invalid_argument);
    l.count_down(1);
    EXPECT_FALSE(l.try_wait());
    l.count_down(1);
    EXPECT_TRUE(l.try_wait());
    EXPECT_TRUE(waiting.is_woken());
    EXPECT_THROW(l.count_down(1), std::invalid_argument);
    EXPECT_TRUE(l.try_wait());
}

TEST(latch, wakes_more_than_a_batch) {
    latch l(1);
    auto waiting = test::line_of(100, [&] { return l.wait(); });
    l.count_down();
    for (auto& w : waiting) {
        EXPECT_EQ(w.wakes(), 1);
        w.take();
    }
}

TEST(latch, a_waiter_that_is_dropped_changes_nothing) {
    latch l(1);
    auto first = test::by_hand(l.wait());
    auto second = test::by_hand(l.wait());
    auto third = test::by_hand(l.wait());
    EXPECT_FALSE(first.poll());
    EXPECT_FALSE(second.poll());
    EXPECT_FALSE(third.poll());
    second.drop();
    EXPECT_FALSE(l.try_wait());
    l.count_down();
    EXPECT_TRUE(first.is_woken());
    EXPECT_FALSE(second.is_woken());
    EXPECT_TRUE(third.is_woken());
    first.drop();
    EXPECT_TRUE(third.poll());
    EXPECT_TRUE(l.try_wait());
}

TEST(latch, arrive_and_wait) {
    latch l(3);
    auto first = test::by_hand(l.arrive_and_wait());
    EXPECT_FALSE(first.poll());
    auto second = test::by_hand(l.arrive_and_wait(2));
    EXPECT_TRUE(first.is_woken());
    EXPECT_TRUE(second.poll());
}

TEST(latch, one_that_was_woken_and_disarmed_is_ready) {
    latch l(1);
    auto first = test::by_hand(l.wait());
    EXPECT_FALSE(first.poll());
    l.count_down();
    first.leaf().disarm();
    auto again = test::by_hand(std::move(first.leaf()));
    EXPECT_TRUE(again.poll());
}

TEST(latch, blocking_wait) {
    latch start(1);
    latch end(4);
    std::vector<int> values(4);
    std::atomic<bool> started{false};
    std::vector<std::thread> threads;
    for (std::size_t t = 0; t < 4; ++t) {
        threads.emplace_back([&, t] {
            start.blocking_wait();
            EXPECT_TRUE(started);
            values[t] = 1;
            end.count_down();
        });
    }
    started = true;
    start.count_down();
    end.blocking_wait();
    EXPECT_EQ(values, std::vector<int>(4, 1));
    for (auto& thread : threads) { thread.join(); }
}

class latch_paused : public test::paused_test {};

TEST_F(latch_paused, a_leaf_that_timed_out_is_awaited_again) {
    run([]() -> edo::task<> {
        latch l(1);
        auto leaf = l.wait();
        bool ready = co_await test::poll_once(leaf);
        EXPECT_FALSE(ready);
        ready = co_await test::poll_once(leaf);
        EXPECT_FALSE(ready);
        l.count_down();
        ready = co_await test::poll_once(leaf);
        EXPECT_TRUE(ready);
        co_await leaf;
    }());
}

class latch_test : public test::runtime_test {};
INSTANTIATE_TEST_SUITE_P(kinds, latch_test, test::all_kinds, test::kind_name);

struct work {
    latch start{1};
    latch end{50};
    std::vector<int> values = std::vector<int>(50);
};

TEST_P(latch_test, starts_and_ends_many_tasks) {
    rt().block_on([]() -> edo::task<> {
        auto state = std::make_shared<work>();
        std::vector<edo::join_handle<void>> handles;
        for (std::size_t i = 0; i < 50; ++i) {
            handles.push_back(edo::spawn(
                [](std::shared_ptr<work> w, std::size_t me) -> edo::task<> {
                    co_await w->start.wait();
                    w->values[me] = 1;
                    w->end.count_down();
                },
                state, i));
        }
        EXPECT_FALSE(state->end.try_wait());
        state->start.count_down();
        co_await state->end.wait();
        EXPECT_EQ(state->values, std::vector<int>(50, 1));
        for (auto& handle : handles) { co_await handle; }
    }());
}

TEST_P(latch_test, arrive_and_wait_lets_nobody_go_early) {
    rt().block_on([]() -> edo::task<> {
        struct shared_state {
            latch all{20};
            std::atomic<int> arrived{0};
        };
        auto state = std::make_shared<shared_state>();
        std::vector<edo::join_handle<void>> handles;
        for (int i = 0; i < 20; ++i) {
            handles.push_back(edo::spawn(
                [](std::shared_ptr<shared_state> s) -> edo::task<> {
                    ++s->arrived;
                    co_await s->all.arrive_and_wait();
                    EXPECT_EQ(s->arrived, 20);
                },
                state));
        }
        for (auto& handle : handles) { co_await handle; }
    }());
}

TEST_P(latch_test, blocking_wait_inside_a_task_is_refused) {
    rt().block_on([]() -> edo::task<> {
        latch l(0);
        EXPECT_THROW(l.blocking_wait(), std::logic_error);
        co_return;
    }());
}

static_assert(!edo::owning<latch_wait>);
static_assert(edo::sendable<latch_wait>);

}  // namespace
