// block_in_place: the worker's other tasks go on elsewhere while one blocks.
#include "support/runtime_fixture.hpp"

#include <edo/base/detail/thread.hpp>
#include <edo/edo.hpp>
#include <edo/sync/mpsc.hpp>
#include <edo/sync/mutex.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <latch>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using counter = std::atomic<int>;

class block_in_place : public edo::test::runtime_test {};
INSTANTIATE_TEST_SUITE_P(kinds, block_in_place, edo::test::multi_thread_kinds,
                         edo::test::kind_name);

// The task is in the list of a place that its thread does not hold any more when it is bound.
TEST_P(block_in_place, then_a_local_set_is_driven) {
    auto body = []() -> edo::task<int> {
        edo::block_in_place([] {});
        edo::local_set set;
        auto inside = []() -> edo::task<int> {
            auto local = edo::spawn_local([]() -> edo::task<int> {
                co_await edo::yield_now();
                co_return 1;
            });
            const int value = co_await local;
            co_return value;
        };
        const int value = co_await set.run_until(inside);
        co_return value;
    };
    int sum = 0;
    for (int i = 0; i < 100; ++i) { sum += rt().block_on(rt().spawn(body)); }
    EXPECT_EQ(sum, 100);
    // Others enter the lists and leave them.
    auto others = []() -> edo::task<> { co_await edo::sleep_for(1ms); };
    std::vector<edo::join_handle<void>> all;
    for (int i = 0; i < 100; ++i) { all.push_back(rt().spawn(others)); }
    for (auto& each : all) { rt().block_on(each); }
}

edo::task<> leave_the_place() {
    edo::block_in_place([] {
        auto elsewhere = edo::spawn([]() -> edo::task<> { co_return; });
        while (!elsewhere.is_finished()) { std::this_thread::yield(); }
    });
    co_return;
}

// Then the thread has no place, so nobody who could list the waiter for the shutdown.
TEST_P(block_in_place, in_an_awaited_task_whose_waiter_drives_a_local_set) {
    auto waiter = [](std::shared_ptr<counter> in) -> edo::task<> {
        auto handle = edo::spawn(leave_the_place);
        co_await handle;
        edo::local_set set;
        auto sleeps = [in]() -> edo::task<> {
            ++*in;
            co_await edo::sleep_for(24h);
        };
        co_await set.run_until(sleeps);
    };
    constexpr int waiters = 20;
    auto driving = std::make_shared<counter>(0);
    for (int i = 0; i < waiters; ++i) { rt().spawn(waiter, driving).detach(); }
    while (*driving < waiters) { std::this_thread::yield(); }
    rt().shutdown_timeout(1h);  // would wait for a task that nobody drops
}

class block_in_place_refused : public edo::test::leak_check {};

edo::task<int> give(int value) { co_return value; }
edo::task<> raise(std::shared_ptr<counter> n) {
    ++*n;
    co_return;
}

TEST_P(block_in_place, runs_on_the_calling_thread_and_gives_the_value) {
    auto handle = rt().spawn([]() -> edo::task<int> {
        const auto here = std::this_thread::get_id();
        std::unique_ptr<int> value = edo::block_in_place([&] {
            EXPECT_EQ(std::this_thread::get_id(), here);
            return std::make_unique<int>(3);
        });
        co_await edo::yield_now();
        edo::block_in_place([&] { ++*value; });
        co_return *value;
    });
    EXPECT_EQ(rt().block_on(handle), 4);
}

TEST_P(block_in_place, gives_references) {
    auto handle = rt().spawn([]() -> edo::task<int> {
        int value = 1;
        edo::block_in_place([&]() -> int& { return value; }) = 5;
        co_return value;
    });
    EXPECT_EQ(rt().block_on(handle), 5);
}

// The job that looks for a thread for the left place stays in the queue of the pool.
TEST_P(block_in_place, needs_no_thread_of_a_full_pool) {
    edo::runtime& full =
        use(std::move(edo::runtime::multi_thread().worker_threads(1).max_blocking_threads(1)));
    std::latch blocked(1), left(1);
    auto closure = full.spawn_blocking(edo::unchecked([&] {
        blocked.count_down();
        left.wait();
        return edo::runtime_handle::current().block_on(edo::spawn(give(3)));
    }));
    blocked.wait();
    auto task = full.spawn(edo::unchecked([&]() -> edo::task<> {
        edo::block_in_place([&] { left.count_down(); });
        co_await edo::yield_now();
    }));
    EXPECT_EQ(full.block_on(closure), 3);
    full.block_on(task);
}

// A thread of the pool that has taken the place and sleeps gives it up when a worker rests.
TEST_P(block_in_place, a_sleeping_borrower_makes_room_in_a_full_pool) {
    edo::runtime& full =
        use(std::move(edo::runtime::multi_thread().worker_threads(1).max_blocking_threads(1)));
    for (int i = 0; i < 20; ++i) {
        auto task = full.spawn([]() -> edo::task<int> {
            edo::block_in_place([] {
                while (edo::runtime_handle::current().metrics().num_blocking_threads() == 0) {
                    std::this_thread::yield();
                }
                auto elsewhere = edo::spawn(give(1));  // the borrower runs it, then sleeps
                while (!elsewhere.is_finished()) { std::this_thread::yield(); }
            });
            auto child = edo::spawn_blocking([] { return 4; });
            co_return co_await child;
        });
        EXPECT_EQ(full.block_on(task), 4);
    }
}

TEST_P(block_in_place, an_exception_comes_out_and_the_task_goes_on) {
    auto handle = rt().spawn([]() -> edo::task<std::string> {
        std::string text;
        try {
            edo::block_in_place([] { throw std::runtime_error("boom"); });
        } catch (const std::runtime_error& e) { text = e.what(); }
        auto child = edo::spawn(give(1));
        co_await child;
        co_return text;
    });
    EXPECT_EQ(rt().block_on(handle), "boom");
}

// The closure waits for tasks that lie behind it in the queues of its own worker.
TEST_P(block_in_place, the_other_tasks_of_the_worker_go_on) {
    auto handle = rt().spawn([]() -> edo::task<int> {
        constexpr int tasks = 100;
        auto ran = std::make_shared<counter>(0);
        for (int i = 0; i < tasks; ++i) { edo::spawn(raise, ran).detach(); }
        edo::block_in_place([&] {
            while (*ran < tasks) { std::this_thread::yield(); }
        });
        co_return ran->load();
    });
    EXPECT_EQ(rt().block_on(handle), 100);
}

TEST_P(block_in_place, blocking) {
    const unsigned blocked = GetParam().workers;
    constexpr int tasks = 1000;
    auto in = std::make_shared<std::latch>(static_cast<std::ptrdiff_t>(blocked));
    std::promise<void> gate;
    std::shared_future<void> open(gate.get_future());
    std::vector<edo::join_handle<void>> blockers;
    for (unsigned i = 0; i < blocked; ++i) {
        blockers.push_back(rt().spawn(
            [](std::shared_ptr<std::latch> all, std::shared_future<void> wait) -> edo::task<> {
                edo::block_in_place([&] {
                    all->count_down();
                    wait.wait();
                });
                co_return;
            },
            in, open));
    }
    in->wait();  // every worker thread is blocked
    auto ran = std::make_shared<counter>(0);
    auto spawner = rt().spawn(
        [](std::shared_ptr<counter> n) -> edo::task<> {
            for (int i = 0; i < tasks; ++i) { edo::spawn(raise, n).detach(); }
            while (*n < tasks) { co_await edo::yield_now(); }
        },
        ran);
    rt().block_on(spawner);
    EXPECT_EQ(*ran, tasks);
    gate.set_value();
    for (auto& blocker : blockers) { rt().block_on(blocker); }
}

TEST_P(block_in_place, block_in_block) {
    for (int i = 0; i < 100; ++i) {
        auto handle = rt().spawn([]() -> edo::task<int> {
            co_return edo::block_in_place([] {
                return edo::block_in_place([] { return edo::block_in_place([] { return 5; }); });
            });
        });
        EXPECT_EQ(rt().block_on(handle), 5);
    }
}

TEST_P(block_in_place, block_in_blocking) {
    for (int i = 0; i < 100; ++i) {
        auto closure = rt().spawn_blocking([] { return edo::block_in_place([] { return 6; }); });
        EXPECT_EQ(rt().block_on(closure), 6);
    }
}

TEST_P(block_in_place, yes_block_in_threaded_block_on) {
    auto body = []() -> edo::task<int> { co_return edo::block_in_place([] { return 7; }); };
    EXPECT_EQ(rt().block_on(body()), 7);
}

TEST_P(block_in_place, works_in_the_root_of_a_lent_thread) {
    auto made = edo::test::builder_of(GetParam());
    made.lend_thread(true);
    use(std::move(made));
    auto body = []() -> edo::task<int> {
        const auto here = std::this_thread::get_id();
        int sum = 0;
        for (int i = 0; i < 20; ++i) {
            auto ran = std::make_shared<counter>(0);
            edo::spawn(raise, ran).detach();
            edo::block_in_place([&] {
                while (*ran == 0) { std::this_thread::yield(); }
            });
            EXPECT_EQ(std::this_thread::get_id(), here);
            sum += *ran;
            co_await edo::yield_now();
        }
        co_return sum;
    };
    EXPECT_EQ(rt().block_on(body()), 20);
}

TEST_P(block_in_place, yield_after_block_in_place) {
    auto handle = rt().spawn([]() -> edo::task<> {
        edo::block_in_place([] {
            auto inner = edo::runtime::current_thread().build();
            inner.block_on(give(1));
        });
        co_await edo::yield_now();
    });
    rt().block_on(handle);
}

TEST_P(block_in_place, test_nested_block_in_place_with_block_on_between) {
    auto made = edo::test::builder_of(GetParam());
    made.max_blocking_threads(1);
    use(std::move(made));
    for (int i = 0; i < 100; ++i) {
        auto handle = rt().spawn([]() -> edo::task<> {
            edo::block_in_place([] {
                auto inner = []() -> edo::task<> {
                    edo::block_in_place([] {});
                    co_return;
                };
                edo::runtime_handle::current().block_on(inner());
            });
            co_return;
        });
        rt().block_on(handle);
    }
}

/// Takes 400 values that are ready out of a channel: half as a plain thread, half in a block_on.
int drain_in_place() {
    auto [tx, rx] = edo::sync::mpsc_unbounded<int>();
    for (int i = 0; i < 400; ++i) { EXPECT_TRUE(tx.send(i)); }
    { const auto gone = std::move(tx); }
    return edo::block_in_place([&] {
        int n = 0;
        for (; n < 200; ++n) {
            EXPECT_EQ(rx.blocking_recv(), n);
            EXPECT_TRUE(edo::has_budget_remaining());
        }
        auto rest = [&]() -> edo::task<> {
            while (auto value = co_await rx.recv()) { EXPECT_EQ(*value, n++); }
        };
        edo::runtime_handle::current().block_on(rest());
        return n;
    });
}
edo::task<int> drain_without_budget() {
    while (edo::has_budget_remaining()) { co_await edo::consume_budget(); }
    co_return drain_in_place();
}

TEST_P(block_in_place, coop_disabled_in_block_in_place) {
    EXPECT_EQ(rt().block_on(rt().spawn(drain_without_budget)), 400);
}

TEST_P(block_in_place, coop_disabled_in_block_in_place_in_block_on) {
    EXPECT_EQ(rt().block_on(drain_without_budget()), 400);
}

// One lock more than the budget has.
TEST_P(block_in_place, mutex_in_block_in_place) {
    auto handle = rt().spawn([]() -> edo::task<int> {
        co_return edo::block_in_place([] {
            auto locks = []() -> edo::task<int> {
                edo::sync::mutex<int> count(0);
                for (int i = 0; i < 128 + 1; ++i) {
                    auto guard = co_await count.lock();
                    ++*guard;
                }
                co_return count.get_unsynchronised();
            };
            return edo::runtime_handle::current().block_on(locks());
        });
    });
    EXPECT_EQ(rt().block_on(handle), 129);
}

TEST_P(block_in_place, coop_and_block_in_place) {
    auto handle = rt().spawn([]() -> edo::task<int> {
        edo::block_in_place([] { EXPECT_TRUE(edo::has_budget_remaining()); });
        int steps = 0;
        while (edo::has_budget_remaining()) {
            co_await edo::consume_budget();
            ++steps;
        }
        co_return steps;
    });
    EXPECT_EQ(rt().block_on(handle), 128) << "the budget applies again";
}

TEST_P(block_in_place, wake_deferred_tasks_before_block_in_place) {
    auto handle = rt().spawn([]() -> edo::task<int> {
        auto ran = std::make_shared<counter>(0);
        auto yielder = edo::spawn(
            [](std::shared_ptr<counter> n) -> edo::task<> {
                ++*n;
                co_await edo::yield_now();
                ++*n;
            },
            ran);
        while (*ran == 0) { co_await edo::yield_now(); }
        edo::block_in_place([&] {
            while (*ran < 2) { std::this_thread::yield(); }
        });
        co_await yielder;
        co_return ran->load();
    });
    EXPECT_EQ(rt().block_on(handle), 2);
}

TEST_P(block_in_place, the_task_keeps_its_id_and_may_spawn) {
    auto handle = rt().spawn([]() -> edo::task<> {
        const auto mine = edo::this_task::id();
        auto child = edo::block_in_place([&] {
            EXPECT_EQ(edo::this_task::id(), mine);
            return edo::spawn(give(2));
        });
        EXPECT_EQ(co_await child, 2);
        EXPECT_EQ(edo::this_task::id(), mine);
    });
    rt().block_on(handle);
}

TEST_P(block_in_place, an_abort_of_the_blocked_task_takes_effect_at_its_next_await) {
    auto in = std::make_shared<std::latch>(1);
    std::promise<void> gate;
    counter alive{0};
    auto handle = rt().spawn(
        [](std::shared_ptr<std::latch> started, std::future<void> open,
           edo::test::counted) -> edo::task<> {
            edo::block_in_place([&] {
                started->count_down();
                open.wait();
            });
            co_await edo::yield_now();
            ADD_FAILURE() << "it was aborted";
        },
        in, gate.get_future(), edo::test::counted(alive));
    in->wait();
    handle.abort();
    EXPECT_GE(alive, 1) << "not while it runs";
    gate.set_value();
    auto result = rt().block_on(handle.join());
    ASSERT_FALSE(result);
    EXPECT_TRUE(result.error().is_cancelled());
    EXPECT_EQ(alive, 0);
}

// No thread takes the place over: the closure runs all the same, the tasks wait.
TEST_P(block_in_place, runs_where_no_thread_can_be_started) {
    auto& shared = rt();
    edo::detail::fail_thread_creation_after(0);
    auto handle = shared.spawn([]() -> edo::task<int> {
        const int value = edo::block_in_place([] { return 8; });
        auto child = edo::spawn(give(1));
        const int one = co_await child;
        co_return value + one;
    });
    const int value = shared.block_on(handle);
    edo::detail::fail_thread_creation_after(-1);
    EXPECT_EQ(value, 9);
}

TEST_F(block_in_place_refused, outside_of_a_runtime_it_calls) {
    EXPECT_EQ(edo::block_in_place([] { return 1; }), 1);
}

TEST_F(block_in_place_refused, no_block_in_current_thread_block_on) {
    auto rt = edo::runtime::current_thread().build();
    bool called = false;
    auto body = [&]() -> edo::task<std::string> {
        try {
            edo::block_in_place([&] { called = true; });
        } catch (const std::logic_error& e) { co_return e.what(); }
        co_return "";
    };
    const std::string text = rt.block_on(body());
    EXPECT_NE(text.find("block_in_place_test.cpp:"), std::string::npos) << text;
    EXPECT_NE(text.find("multi-thread runtime"), std::string::npos) << text;
    EXPECT_NE(text.find("use spawn_blocking"), std::string::npos) << text;
    EXPECT_FALSE(called);
}

TEST_F(block_in_place_refused, in_a_task_of_a_current_thread_runtime) {
    auto rt = edo::runtime::current_thread().build();
    auto body = []() -> edo::task<> {
        EXPECT_THROW(edo::block_in_place([] {}), std::logic_error);
        co_return;
    };
    rt.block_on(rt.spawn(body));
}

TEST_F(block_in_place_refused, in_a_local_set) {
    auto rt = edo::runtime::multi_thread().worker_threads(2).build();
    auto outer = []() -> edo::task<> {
        edo::local_set set;
        auto inside = []() -> edo::task<> {
            EXPECT_THROW(edo::block_in_place([] {}), std::logic_error) << "in run_until";
            auto local = edo::spawn_local([]() -> edo::task<> {
                EXPECT_THROW(edo::block_in_place([] {}), std::logic_error) << "in a local task";
                co_return;
            });
            co_await local;
        };
        co_await set.run_until(inside);
        EXPECT_EQ(edo::block_in_place([] { return 1; }), 1) << "outside of the set again";
    };
    rt.block_on(outer());
    rt.block_on(rt.spawn(outer));
}

}  // namespace
