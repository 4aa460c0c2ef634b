// A task that waits on the same thread runs inside the await of its handle; nothing else may change.
#include "support/runtime_fixture.hpp"

#include <edo/edo.hpp>
#include <edo/sync/notify.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using edo::task;
using edo::sync::notify;

class awaited : public edo::test::runtime_test {};
INSTANTIATE_TEST_SUITE_P(kinds, awaited, edo::test::all_kinds, edo::test::kind_name);

using abort_slot = std::optional<edo::abort_handle>;

task<> abort_the(std::shared_ptr<abort_slot> waiter) {
    if (*waiter) { (*waiter)->abort(); }
    co_return;
}
task<> await_handle(std::shared_ptr<abort_slot> self) {
    auto child = edo::spawn(abort_the, std::move(self));
    co_await child;
}
task<> await_timeout(std::shared_ptr<abort_slot> self) {
    static_cast<void>(co_await edo::timeout(1h, abort_the(std::move(self))));
}

TEST_P(awaited, an_abort_by_the_child_drops_the_waiter_at_the_await) {
    for (const auto await : {await_handle, await_timeout}) {
        auto went_on = std::make_shared<bool>(false);
        auto self = std::make_shared<abort_slot>();
        auto go = std::make_shared<notify>();
        auto waiter = rt().spawn(
            [](std::shared_ptr<notify> start, std::shared_ptr<abort_slot> me,
               task<> (*body)(std::shared_ptr<abort_slot>), std::shared_ptr<bool> after) -> task<> {
                co_await start->notified();
                co_await body(std::move(me));
                *after = true;
            },
            go, self, await, went_on);
        *self = waiter.abort_handle();
        go->notify_one();
        const auto result = rt().block_on(waiter.join());
        ASSERT_FALSE(result.has_value());
        EXPECT_TRUE(result.error().is_cancelled());
        EXPECT_FALSE(*went_on);
    }
}

task<int> waits(std::shared_ptr<notify> n) {
    co_await n->notified();
    co_return 3;
}

TEST_P(awaited, a_child_that_suspends_is_waited_for) {
    auto n = std::make_shared<notify>();
    auto waiter = rt().spawn(
        [](std::shared_ptr<notify> wake) -> task<int> {
            auto child = edo::spawn(waits, std::move(wake));
            const int value = co_await child;
            co_return value;
        },
        n);
    std::jthread waker([&] { n->notify_one(); });
    EXPECT_EQ(rt().block_on(waiter), 3);
}

task<int> nest(int depth) {
    if (depth == 0) { co_return 0; }
    auto child = edo::spawn(nest, depth - 1);
    const int below = co_await child;
    co_return below + 1;
}

TEST_P(awaited, a_chain_of_any_depth_uses_a_bounded_stack) {
    EXPECT_EQ(rt().block_on(rt().spawn(nest, 100'000)), 100'000);
}

struct noted {
    std::mutex lock;
    std::vector<int> order;
};
task<> note(std::shared_ptr<noted> out, int number) {
    const std::lock_guard guard(out->lock);
    out->order.push_back(number);
    co_return;
}

TEST_P(awaited, several_children_run_in_the_order_of_their_awaits) {
    auto out = std::make_shared<noted>();
    rt().block_on(rt().spawn(
        [](std::shared_ptr<noted> all) -> task<> {
            std::vector<edo::join_handle<void>> children;
            for (int i = 0; i < 5; ++i) { children.push_back(edo::spawn(note, all, i)); }
            for (auto& child : children) { co_await child; }
        },
        out));
    if (GetParam().workers > 1) { std::ranges::sort(out->order); }  // some may have been stolen
    EXPECT_EQ(out->order, (std::vector{0, 1, 2, 3, 4}));
}

/// Two that wait for each other, so that they must run on two workers.
struct meeting {
    std::atomic<int> here{0};
};
task<> meets(std::shared_ptr<meeting> at) {
    ++at->here;
    while (at->here < 2) { std::this_thread::yield(); }
    co_return;
}

TEST_P(awaited, what_it_leaves_behind_is_shared) {
    if (GetParam().workers < 2) { GTEST_SKIP() << "needs two workers"; }
    constexpr std::uint64_t rounds = 100;
    rt().block_on(rt().spawn([]() -> task<> {
        for (std::uint64_t i = 0; i < rounds; ++i) {
            co_await edo::sleep_for(1ms);  // the others are asleep then, and do not come at once
            auto at = std::make_shared<meeting>();
            auto first = edo::spawn(meets, at);
            auto second = edo::spawn(meets, at);
            co_await first;  // it keeps this thread until the second one runs elsewhere
            co_await second;
        }
    }));
    // Stolen from the ring; what only the guard finds, some milliseconds later, is no steal.
    std::uint64_t steals = 0;
    const auto metrics = rt().metrics();
    for (std::size_t w = 0; w < metrics.num_workers(); ++w) {
        steals += metrics.worker_steal_operations(w);
    }
    EXPECT_GE(steals, rounds / 2);
}

/// Ready operations that spend budget until another task has run.
task<int> operations_until(std::shared_ptr<std::atomic<bool>> other_ran) {
    int done = 0;
    for (; done < 100'000 && !*other_ran; ++done) { co_await edo::consume_budget(); }
    co_return done;
}
task<> sets(std::shared_ptr<std::atomic<bool>> flag) {
    *flag = true;
    co_return;
}

TEST_P(awaited, a_child_without_a_budget_leaves_the_others_theirs) {
    if (GetParam().workers > 1) { GTEST_SKIP() << "the other one would run elsewhere"; }
    auto waiter = rt().spawn([]() -> task<int> {
        auto never = std::make_shared<notify>();
        auto flag = std::make_shared<std::atomic<bool>>(false);
        auto child = edo::spawn(
            [](std::shared_ptr<notify> n,
               std::shared_ptr<std::atomic<bool>> f) -> task<edo::join_handle<int>> {
                edo::spawn(sets, f).detach();
                auto greedy = edo::spawn(operations_until, f);
                auto waiting = [](std::shared_ptr<notify> m) -> task<> { co_await m->notified(); };
                static_cast<void>(co_await edo::timeout(1ms, edo::unconstrained(waiting(n))));
                co_return greedy;
            },
            never, flag);
        auto greedy = co_await child;
        const int done = co_await greedy;
        co_return done;
    });
    EXPECT_LE(rt().block_on(waiter), 2 * 128);
}

task<std::uint64_t> fib(std::uint64_t n) {
    if (n < 2) { co_return n; }
    auto left = edo::spawn(fib, n - 1);
    auto right = edo::spawn(fib, n - 2);
    const std::uint64_t a = co_await left;
    const std::uint64_t b = co_await right;
    co_return a + b;
}

TEST_P(awaited, a_tree_of_tasks) { EXPECT_EQ(rt().block_on(rt().spawn(fib, 18U)), 2584U); }

task<int> yields(int times) {
    for (int i = 0; i < times; ++i) { co_await edo::yield_now(); }
    co_return times;
}

TEST_P(awaited, a_child_that_yields_goes_on_elsewhere) {
    auto waiter = rt().spawn([]() -> task<int> {
        int sum = 0;
        for (int i = 0; i < 1000; ++i) {
            auto child = edo::spawn(yields, i % 3);
            const int value = co_await child;
            sum += value;
        }
        co_return sum;
    });
    EXPECT_EQ(rt().block_on(waiter), 999);
}

task<> throws() {
    throw std::runtime_error("child");
    co_return;
}

TEST_P(awaited, its_exception_arrives) {
    auto waiter = rt().spawn([]() -> task<bool> {
        auto child = edo::spawn(throws);
        const auto result = co_await child.join();
        co_return !result.has_value() && result.error().is_exception();
    });
    EXPECT_TRUE(rt().block_on(waiter));
}

TEST_P(awaited, it_has_an_identity_of_its_own) {
    auto waiter = rt().spawn([]() -> task<bool> {
        const edo::task_id mine = edo::this_task::id();
        auto child = edo::spawn([]() -> task<edo::task_id> { co_return edo::this_task::id(); });
        const edo::task_id its = child.id();
        const edo::task_id seen = co_await child;
        co_return seen == its&& seen != mine&& edo::this_task::id() == mine;
    });
    EXPECT_TRUE(rt().block_on(waiter));
}

TEST_P(awaited, the_turn_ends_when_the_budget_does) {
    auto other_ran = std::make_shared<std::atomic<bool>>(false);
    auto waiter = rt().spawn(
        [](std::shared_ptr<std::atomic<bool>> ran) -> task<bool> {
            auto other = edo::spawn(
                [](std::shared_ptr<std::atomic<bool>> set) -> task<> {
                    *set = true;
                    co_return;
                },
                ran);
            for (int i = 0; i < 1'000'000 && !*ran; ++i) {
                auto child = edo::spawn(nest, 0);
                static_cast<void>(co_await child);
            }
            co_await other;
            co_return ran->load();
        },
        other_ran);
    EXPECT_TRUE(rt().block_on(waiter));
}

// Else the injection queue would wait for the end of the waiter's turn.
TEST_P(awaited, its_runs_count_as_turns) {
    constexpr int interval = 10;
    edo::runtime& one =
        use(std::move(edo::test::builder_of({"one worker", is_current_thread() ? 0U : 1U})
                          .global_queue_interval(interval)));
    auto runs = [](edo::runtime_handle handle) -> task<int> {
        auto injected = std::make_shared<std::atomic<bool>>(false);
        std::thread([&] {
            handle
                .spawn(
                    [](std::shared_ptr<std::atomic<bool>> ran) -> task<> {
                        *ran = true;
                        co_return;
                    },
                    injected)
                .detach();
        }).join();
        int awaits = 0;
        while (!*injected) {
            auto child = edo::spawn(nest, 0);
            static_cast<void>(co_await child);
            ++awaits;
        }
        co_return awaits;
    };
    EXPECT_LE(one.block_on(one.spawn(runs, one.handle())), interval);
}

TEST_P(awaited, block_in_place_inside_of_it) {
    if (GetParam().workers == 0) { GTEST_SKIP() << "a current-thread runtime refuses it"; }
    auto waiter = rt().spawn([]() -> task<int> {
        int sum = 0;
        for (int i = 0; i < 200; ++i) {
            auto child = edo::spawn([]() -> task<int> {
                const int value = edo::block_in_place([] { return 1; });
                co_await edo::yield_now();
                co_return value;
            });
            const int value = co_await child;
            sum += value;
        }
        co_return sum;
    });
    EXPECT_EQ(rt().block_on(waiter), 200);
}

TEST_P(awaited, shutdown_drops_a_waiter_and_its_child) {
    auto alive = std::make_shared<std::atomic<int>>(0);
    {
        auto own = edo::test::builder_of(GetParam()).build();
        auto waiter = own.spawn(
            [](std::shared_ptr<std::atomic<int>> n) -> task<> {
                const edo::test::counted here(*n);
                auto child = edo::spawn(
                    [](std::shared_ptr<std::atomic<int>> m) -> task<> {
                        const edo::test::counted there(*m);
                        co_await edo::sleep_for(1h);
                    },
                    n);
                co_await child;
            },
            alive);
        own.block_on([]() -> task<> { co_await edo::yield_now(); }());
    }
    EXPECT_EQ(*alive, 0);
}

}  // namespace
