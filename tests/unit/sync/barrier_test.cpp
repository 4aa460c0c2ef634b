// After tokio/tests/sync_barrier.rs.
#include <edo/edo.hpp>
#include <edo/sync/barrier.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <functional>
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
using edo::sync::barrier;
using waiter = test::polled<edo::detail::barrier_wait>;

TEST(barrier, single) {
    barrier b(1);
    for (int i = 0; i < 3; ++i) {
        auto only = test::by_hand(b.wait());
        ASSERT_TRUE(only.poll());
        EXPECT_TRUE(only.take().is_leader());
    }
}

TEST(barrier, of_none_acts_as_one_of_one) {
    barrier b(0);
    for (int i = 0; i < 3; ++i) {
        auto only = test::by_hand(b.wait());
        ASSERT_TRUE(only.poll());
        EXPECT_TRUE(only.take().is_leader());
    }
}

TEST(barrier, tango) {
    barrier b(2);
    auto first = test::by_hand(b.wait());
    EXPECT_FALSE(first.poll());
    EXPECT_FALSE(first.is_woken());
    auto second = test::by_hand(b.wait());
    EXPECT_TRUE(second.poll());
    EXPECT_EQ(first.wakes(), 1);
    EXPECT_TRUE(first.poll());
    EXPECT_FALSE(first.take().is_leader());
    EXPECT_TRUE(second.take().is_leader());
}

TEST(barrier, lots) {
    barrier b(100);
    for (int generation = 0; generation < 10; ++generation) {
        auto waiting = test::line_of(99, [&] { return b.wait(); });
        for (const auto& w : waiting) { EXPECT_FALSE(w.is_woken()); }
        auto last = test::by_hand(b.wait());
        ASSERT_TRUE(last.poll());
        EXPECT_TRUE(last.take().is_leader());
        for (auto& w : waiting) {
            EXPECT_EQ(w.wakes(), 1);
            EXPECT_TRUE(w.poll());
            EXPECT_FALSE(w.take().is_leader());
        }
    }
}

TEST(barrier, one_that_is_not_polled_does_not_count) {
    barrier b(2);
    auto idle = test::by_hand(b.wait());
    auto first = test::by_hand(b.wait());
    EXPECT_FALSE(first.poll());
    EXPECT_FALSE(first.is_woken());
    EXPECT_TRUE(idle.poll());
    EXPECT_TRUE(idle.take().is_leader());
}

TEST(barrier, a_waiter_that_is_dropped_does_not_count) {
    barrier b(3);
    auto first = test::by_hand(b.wait());
    auto second = test::by_hand(b.wait());
    EXPECT_FALSE(first.poll());
    EXPECT_FALSE(second.poll());
    first.drop();
    auto third = test::by_hand(b.wait());
    EXPECT_FALSE(third.poll());
    EXPECT_FALSE(second.is_woken());
    auto fourth = test::by_hand(b.wait());
    EXPECT_TRUE(fourth.poll());
    EXPECT_FALSE(first.is_woken());
    EXPECT_FALSE(second.take().is_leader());
    EXPECT_FALSE(third.take().is_leader());
    EXPECT_TRUE(fourth.take().is_leader());
}

TEST(barrier, a_waiter_that_is_dropped_after_all_have_come_changes_nothing) {
    barrier b(2);
    auto first = test::by_hand(b.wait());
    EXPECT_FALSE(first.poll());
    auto leader = test::by_hand(b.wait());
    EXPECT_TRUE(leader.poll());
    EXPECT_TRUE(first.is_woken());
    auto next = test::by_hand(b.wait());
    EXPECT_FALSE(next.poll());
    first.drop();
    leader.drop();
    EXPECT_FALSE(next.is_woken());
    auto last = test::by_hand(b.wait());
    EXPECT_TRUE(last.poll());
    EXPECT_TRUE(next.is_woken());
    EXPECT_TRUE(last.take().is_leader());
    EXPECT_FALSE(next.take().is_leader());
}

TEST(barrier, generations_do_not_mix) {
    // The next generation fills up before the last one has been polled again.
    barrier b(2);
    std::deque<waiter> waiting;
    int leaders = 0;
    for (int i = 0; i < 10; ++i) {
        waiting.emplace_back(b.wait());
        EXPECT_EQ(waiting.back().poll(), i % 2 != 0);
    }
    for (auto& w : waiting) { leaders += w.take().is_leader() ? 1 : 0; }
    EXPECT_EQ(leaders, 5);
}

TEST(barrier, one_that_was_let_through_stays_so_when_it_is_disarmed) {
    barrier b(2);
    auto first = test::by_hand(b.wait());
    EXPECT_FALSE(first.poll());
    auto leader = test::by_hand(b.wait());
    EXPECT_TRUE(leader.poll());
    first.leaf().disarm();
    auto again = test::by_hand(std::move(first.leaf()));
    EXPECT_TRUE(again.poll());
    EXPECT_FALSE(again.take().is_leader());
    EXPECT_TRUE(leader.take().is_leader());
    auto next = test::by_hand(b.wait());
    EXPECT_FALSE(next.poll());
}

TEST(barrier, the_leader_stays_the_leader_when_it_moves) {
    barrier b(2);
    auto first = test::by_hand(b.wait());
    EXPECT_FALSE(first.poll());
    auto leader = b.wait();
    EXPECT_TRUE(leader.ready());
    EXPECT_TRUE(leader.ready());
    auto moved = test::by_hand(std::move(leader));
    EXPECT_TRUE(moved.poll());
    EXPECT_TRUE(moved.take().is_leader());
    EXPECT_FALSE(first.take().is_leader());
}

/// A task that calls back when it is woken.
class calls_back final : public edo::detail::cell_base, private edo::detail::scheduler {
public:
    explicit calls_back(std::function<void()> what)
        : cell_base(static_cast<edo::detail::scheduler&>(*this)), what_(std::move(what)) {}
    template <class Leaf>
    bool suspend_on(Leaf& leaf) {
        edo::detail::context& cx = edo::detail::this_context();
        const auto outer = std::exchange(cx.current, &root());
        const auto before = state.look();
        const bool suspended = !leaf.ready() && leaf.suspend({});
        cx.current = outer;
        return suspended && state.park(before);
    }
    bool begin() noexcept override { return false; }
    void finish(bool) noexcept override {}

private:
    void schedule(cell_base&) noexcept override { what_(); }
    std::function<void()> what_;
};

TEST(barrier, a_waiter_that_is_dropped_while_the_others_are_being_woken_changes_nothing) {
    // All had come, so whoever leaves now must not be counted out of the next generation.
    barrier b(100);
    std::deque<waiter> waiting;
    calls_back cell([&] { waiting.back().drop(); });
    {
        auto first = b.wait();
        ASSERT_TRUE(cell.suspend_on(first));
        for (int i = 0; i < 98; ++i) {
            waiting.emplace_back(b.wait());
            EXPECT_FALSE(waiting.back().poll());
        }
        auto last = test::by_hand(b.wait());
        ASSERT_TRUE(last.poll());
        EXPECT_TRUE(last.take().is_leader());
        EXPECT_FALSE(first.await_resume().is_leader());
    }
    waiting.clear();
    for (int i = 0; i < 99; ++i) {
        waiting.emplace_back(b.wait());
        EXPECT_FALSE(waiting.back().poll());
    }
    auto last = test::by_hand(b.wait());
    ASSERT_TRUE(last.poll());
    for (const auto& w : waiting) { EXPECT_EQ(w.wakes(), 1); }
}

TEST(barrier, blocking_wait) {
    constexpr int generations = 200;
    barrier b(3);
    std::atomic<int> leaders{0};
    std::atomic<int> arrived{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 3; ++t) {
        threads.emplace_back([&] {
            for (int i = 0; i < generations; ++i) {
                ++arrived;
                leaders += b.blocking_wait().is_leader() ? 1 : 0;
                EXPECT_GE(arrived, 3 * (i + 1));
                EXPECT_LE(arrived, 3 * (i + 2));
            }
        });
    }
    for (auto& thread : threads) { thread.join(); }
    EXPECT_EQ(leaders, generations);
}

class barrier_paused : public test::paused_test {};

TEST_F(barrier_paused, a_leaf_that_timed_out_counts_again_when_it_is_awaited_again) {
    run([]() -> edo::task<> {
        barrier b(2);
        auto first = b.wait();
        auto second = b.wait();
        bool ready = co_await test::poll_once(first);
        EXPECT_FALSE(ready);
        ready = co_await test::poll_once(second);  // the first one does not count any more
        EXPECT_FALSE(ready);
        ready = co_await test::poll_once(first);
        EXPECT_FALSE(ready);
        auto third = test::by_hand(b.wait());
        EXPECT_FALSE(third.poll());
        const auto result = co_await first;
        EXPECT_TRUE(result.is_leader());
        EXPECT_TRUE(third.is_woken());
    }());
}

class barrier_test : public test::runtime_test {};
INSTANTIATE_TEST_SUITE_P(kinds, barrier_test, test::all_kinds, test::kind_name);

struct meeting {
    barrier all{8};
    std::atomic<int> arrived{0};
    std::atomic<int> leaders{0};
};

TEST_P(barrier_test, every_generation_has_one_leader) {
    auto state = std::make_shared<meeting>();
    rt().block_on([](std::shared_ptr<meeting> shared) -> edo::task<> {
        std::vector<edo::join_handle<void>> handles;
        for (int i = 0; i < 8; ++i) {
            handles.push_back(edo::spawn(
                [](std::shared_ptr<meeting> m) -> edo::task<> {
                    for (int n = 0; n < 100; ++n) {
                        ++m->arrived;
                        const auto result = co_await m->all.wait();
                        m->leaders += result.is_leader() ? 1 : 0;
                        EXPECT_GE(m->arrived, 8 * (n + 1));
                        EXPECT_LE(m->arrived, 8 * (n + 2));
                    }
                },
                shared));
        }
        for (auto& handle : handles) { co_await handle; }
    }(state));
    EXPECT_EQ(state->leaders, 100);
}

TEST_P(barrier_test, an_aborted_task_does_not_count) {
    rt().block_on([]() -> edo::task<> {
        auto b = std::make_shared<barrier>(2);
        const auto come = [](std::shared_ptr<barrier> shared) -> edo::task<bool> {
            const auto result = co_await shared->wait();
            co_return result.is_leader();
        };
        auto aborted = edo::spawn(come, b);
        co_await edo::yield_now();
        aborted.abort();
        const auto gone = co_await aborted.join();
        EXPECT_FALSE(gone.has_value());
        auto first = edo::spawn(come, b);
        auto second = edo::spawn(come, b);
        const bool first_leads = co_await first;
        const bool second_leads = co_await second;
        EXPECT_NE(first_leads, second_leads);
    }());
}

TEST_P(barrier_test, blocking_wait_inside_a_task_is_refused) {
    rt().block_on([]() -> edo::task<> {
        barrier b(1);
        EXPECT_THROW(static_cast<void>(b.blocking_wait()), std::logic_error);
        co_return;
    }());
}

// barrier_future_is_send
static_assert(edo::sendable<edo::detail::barrier_wait>);
static_assert(!edo::owning<edo::detail::barrier_wait>);

}  // namespace
