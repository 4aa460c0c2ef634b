// Giving way: yield_now and the cooperative budget. Ports task_yield_now.rs and coop_budget.rs.
#include "support/runtime_fixture.hpp"

#include <memory>

namespace {

using edo::task;
using namespace std::chrono_literals;

task<int> one() { co_return 1; }

class yield_now : public edo::test::runtime_test {};

TEST_P(yield_now, lets_other_tasks_run) {
    auto other_ran = std::make_shared<std::atomic<bool>>(false);
    auto handle = rt().spawn(
        [](std::shared_ptr<std::atomic<bool>> ran) -> task<> {
            edo::spawn(
                [](std::shared_ptr<std::atomic<bool>> r) -> task<> {
                    *r = true;
                    co_return;
                },
                ran)
                .detach();
            while (!*ran) { co_await edo::yield_now(); }
        },
        other_ran);
    rt().block_on(std::move(handle));
}

TEST_P(yield_now, works_in_the_future_of_block_on_and_in_a_timeout) {
    auto body = []() -> task<int> {
        int n = 0;
        for (int i = 0; i < 1000; ++i) {
            co_await edo::yield_now();
            ++n;
        }
        auto inner = [](int& count) -> task<> {
            for (int i = 0; i < 100; ++i) {
                co_await edo::yield_now();
                ++count;
            }
        };
        auto result = co_await edo::timeout(1h, inner(n));
        EXPECT_TRUE(result);
        co_return n;
    };
    EXPECT_EQ(rt().block_on(body()), 1100);
}

// All that remains of a runtime is the handle: nobody but block_on itself can resume the future.
TEST_P(yield_now, yield_now_outside_of_runtime) {
    const auto handle = rt().handle();
    stop();
    auto body = []() -> task<int> {
        int n = 0;
        for (; n < 100; ++n) { co_await edo::yield_now(); }
        co_return n;
    };
    EXPECT_EQ(handle.block_on(body()), 100);
}

// task_yield_now.rs::yield_now_external_executor_and_block_in_place
TEST_P(yield_now, yield_now_external_executor_and_block_in_place) {
    if (is_current_thread()) { GTEST_SKIP() << "block_in_place needs workers"; }
    auto handle = rt().spawn([]() -> task<> {
        edo::block_in_place([] {
            auto inner = []() -> task<> { co_await edo::yield_now(); };
            auto other = edo::runtime::current_thread().build();
            other.block_on(inner());
            edo::runtime_handle::current().block_on(inner());
        });
        co_return;
    });
    rt().block_on(std::move(handle));
}

TEST_P(yield_now, test_has_budget_remaining) {
    auto handle = rt().spawn([]() -> task<> {
        co_await edo::yield_now();  // a fresh turn
        EXPECT_TRUE(edo::has_budget_remaining());
        for (int i = 0; i < 127; ++i) { co_await edo::consume_budget(); }
        EXPECT_TRUE(edo::has_budget_remaining());
        co_await edo::consume_budget();
        EXPECT_FALSE(edo::has_budget_remaining());
        co_await edo::consume_budget();  // yields first
        EXPECT_TRUE(edo::has_budget_remaining());
    });
    rt().block_on(std::move(handle));
    EXPECT_TRUE(edo::has_budget_remaining());
}

TEST_P(yield_now, budget_is_not_spent_by_children_that_complete_at_once) {
    auto handle = rt().spawn([]() -> task<> {
        co_await edo::yield_now();
        for (int i = 0; i < 1000; ++i) { static_cast<void>(co_await one()); }
        EXPECT_TRUE(edo::has_budget_remaining());
    });
    rt().block_on(std::move(handle));
}

TEST_P(yield_now, unconstrained_spends_no_budget) {
    auto handle = rt().spawn([]() -> task<> {
        co_await edo::yield_now();
        for (int i = 0; i < 128; ++i) { co_await edo::consume_budget(); }
        EXPECT_FALSE(edo::has_budget_remaining());
        auto inner = []() -> task<> {
            for (int i = 0; i < 1000; ++i) { co_await edo::consume_budget(); }
            EXPECT_TRUE(edo::has_budget_remaining());
            co_await edo::yield_now();
            EXPECT_TRUE(edo::has_budget_remaining());
        };
        co_await edo::unconstrained(inner());
    });
    rt().block_on(std::move(handle));
}

INSTANTIATE_TEST_SUITE_P(task, yield_now, edo::test::all_kinds, edo::test::kind_name);

class budget : public edo::test::leak_check {
protected:
    edo::runtime rt = edo::runtime::current_thread().build();
    void SetUp() override { watch(rt); }
};

// The other task counts its turns: each forced yield of the busy one gives it exactly one.
TEST_F(budget, makes_a_ready_loop_yield_every_128_operations) {
    auto turns = std::make_shared<int>(0);
    auto body = [&]() -> task<> {
        auto stop = std::make_shared<bool>(false);
        auto counter = edo::spawn(
            [](std::shared_ptr<int> n, std::shared_ptr<bool> end) -> task<> {
                while (!*end) {
                    co_await edo::yield_now();
                    ++*n;
                }
            },
            turns, stop);
        auto busy = edo::spawn(
            [](std::shared_ptr<int> n) -> task<int> {
                co_await edo::yield_now();
                const int before = *n;
                for (int i = 0; i < 16 * 128 + 1; ++i) { co_await edo::consume_budget(); }
                co_return *n - before;
            },
            turns);
        EXPECT_EQ(co_await busy, 16);
        *stop = true;
        co_await counter;
    };
    rt.block_on(body());
}

TEST_F(budget, counts_forced_yields_in_the_metrics) {
    auto handle = rt.spawn([]() -> task<> {
        for (int i = 0; i < 129; ++i) { co_await edo::consume_budget(); }
    });
    rt.block_on(std::move(handle));
    EXPECT_EQ(rt.metrics().budget_forced_yield_count(), 1U);
}

TEST_F(budget, exhausted_by_two_branches_of_a_join_counts_once) {
    auto handle = rt.spawn([]() -> task<> {
        const auto spends = []() -> task<> {
            for (int i = 0; i < 129; ++i) { co_await edo::consume_budget(); }
        };
        co_await edo::join(spends(), spends());
    });
    // The first branch has 128 operations of the first turn and one of the second, the other one 127 of
    // the second and 2 of the third.
    rt.block_on(std::move(handle));
    EXPECT_EQ(rt.metrics().budget_forced_yield_count(), 2U);
}

TEST_F(budget, of_an_unconstrained_task_lets_the_others_starve_until_it_yields) {
    auto turns = std::make_shared<int>(0);
    auto body = [&]() -> task<> {
        auto counter = edo::spawn(
            [](std::shared_ptr<int> n) -> task<> {
                for (int i = 0; i < 100; ++i) {
                    ++*n;
                    co_await edo::yield_now();
                }
            },
            turns);
        auto busy = edo::spawn(
            [](std::shared_ptr<int> n) -> task<> {
                auto inner = [](std::shared_ptr<int> seen) -> task<> {
                    const int before = *seen;
                    for (int i = 0; i < 1000; ++i) { co_await edo::consume_budget(); }
                    EXPECT_EQ(*seen, before);
                    co_await edo::yield_now();
                    EXPECT_GT(*seen, before);
                };
                co_await edo::unconstrained(inner(n));
            },
            turns);
        co_await busy;
        co_await counter;
    };
    rt.block_on(body());
}

}  // namespace
