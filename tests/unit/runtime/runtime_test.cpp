// What every kind of runtime does with its tasks.
#include "support/runtime_fixture.hpp"

#include <edo/edo.hpp>
#include <edo/sync/notify.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using counter = std::atomic<int>;
using edo::sync::notify;

class rt_common : public edo::test::runtime_test {};
INSTANTIATE_TEST_SUITE_P(kinds, rt_common, edo::test::all_kinds, edo::test::kind_name);

class rt_threaded : public edo::test::runtime_test {};
INSTANTIATE_TEST_SUITE_P(kinds, rt_threaded, edo::test::multi_thread_kinds, edo::test::kind_name);

edo::task<int> give(int value) { co_return value; }

edo::task<> yield_until(std::shared_ptr<counter> count, int wanted) {
    while (*count < wanted) { co_await edo::yield_now(); }
}

TEST_P(rt_common, spawn_one_bg) {
    auto ran = std::make_shared<counter>(0);
    auto body = [&]() -> edo::task<> {
        edo::spawn(
            [](std::shared_ptr<counter> n) -> edo::task<> {
                ++*n;
                co_return;
            },
            ran)
            .detach();
        co_await yield_until(ran, 1);
    };
    rt().block_on(body());
    EXPECT_EQ(*ran, 1);
}

TEST_P(rt_common, spawn_one_join) {
    auto body = []() -> edo::task<int> {
        auto child = edo::spawn(give(10));
        co_return co_await child;
    };
    EXPECT_EQ(rt().block_on(body()), 10);
}

TEST_P(rt_common, spawn_two) {
    auto outer = rt().spawn([]() -> edo::task<std::string> {
        auto inner = edo::spawn([]() -> edo::task<std::string> { co_return "ZOMG"; });
        co_return co_await inner;
    });
    EXPECT_EQ(rt().block_on(outer), "ZOMG");
    EXPECT_EQ(rt().metrics().spawned_tasks_count(), 2U);
}

TEST_P(rt_common, spawn_many_from_block_on) {
    constexpr int items = 200;
    auto body = []() -> edo::task<int> {
        std::vector<edo::join_handle<int>> handles;
        for (int i = 0; i < items; ++i) { handles.push_back(edo::spawn(give(i))); }
        int sum = 0;
        for (auto& handle : handles) { sum += co_await handle; }
        co_return sum;
    };
    EXPECT_EQ(rt().block_on(body()), items * (items - 1) / 2);
}

TEST_P(rt_common, spawn_many_from_task) {
    constexpr int items = 500;
    auto outer = rt().spawn([]() -> edo::task<int> {
        std::vector<edo::join_handle<int>> handles;
        for (int i = 0; i < items; ++i) {
            handles.push_back(edo::spawn(
                [](int value) -> edo::task<int> {
                    co_await edo::yield_now();
                    co_return value;
                },
                i));
        }
        int sum = 0;
        for (auto& handle : handles) { sum += co_await handle; }
        co_return sum;
    });
    EXPECT_EQ(rt().block_on(outer), items * (items - 1) / 2);
}

edo::task<int> spawn_chain(int depth) {
    if (depth == 0) { co_return 0; }
    auto inner = edo::spawn(spawn_chain(depth - 1));
    const int below = co_await inner;
    co_return below + 1;
}

TEST_P(rt_common, spawn_await_chain) { EXPECT_EQ(rt().block_on(spawn_chain(100)), 100); }

TEST_P(rt_common, spawn_from_other_thread_idle) {
    edo::runtime& shared = rt();
    notify done;
    for (int i = 0; i < 20; ++i) {
        std::thread other([&] {
            shared
                .spawn(
                    [](std::reference_wrapper<notify> n) -> edo::task<> {
                        n.get().notify_one();
                        co_return;
                    },
                    edo::unchecked(std::ref(done)))
                .detach();
        });
        auto body = [&]() -> edo::task<> { co_await done.notified(); };
        shared.block_on(body());
        other.join();
    }
}

TEST_P(rt_common, spawn_from_other_thread_under_load) {
    edo::runtime& shared = rt();
    auto stop = std::make_shared<counter>(0);
    auto load = shared.spawn(yield_until(stop, 1));
    edo::join_handle<int> from_outside;
    std::thread other([&] { from_outside = shared.spawn(give(3)); });
    other.join();
    EXPECT_EQ(shared.block_on(from_outside), 3) << "the busy loop does not starve it";
    ++*stop;
    shared.block_on(load);
}

TEST_P(rt_common, sleep_in_spawn) {
    if (is_current_thread()) { use(std::move(edo::runtime::current_thread().start_paused(true))); }
    auto handle = rt().spawn([]() -> edo::task<bool> {
        const auto before = edo::clock::now();
        co_await edo::sleep_for(10ms);
        co_return edo::clock::now() - before >= 10ms;
    });
    EXPECT_TRUE(rt().block_on(handle));
}

TEST_P(rt_common, spawn_from_blocking) {
    auto body = []() -> edo::task<int> {
        auto outer = edo::spawn_blocking([] { return edo::spawn(give(11)); });
        auto inner = co_await outer;
        co_return co_await inner;
    };
    EXPECT_EQ(rt().block_on(body()), 11);
}

TEST_P(rt_common, spawn_blocking_from_blocking) {
    auto body = []() -> edo::task<int> {
        auto outer = edo::spawn_blocking([] { return edo::spawn_blocking([] { return 12; }); });
        auto inner = co_await outer;
        co_return co_await inner;
    };
    EXPECT_EQ(rt().block_on(body()), 12);
}

TEST_P(rt_common, enter_and_spawn) {
    edo::join_handle<int> handle;
    {
        auto guard = rt().enter();
        handle = edo::spawn(give(13));
    }
    EXPECT_FALSE(edo::runtime_handle::try_current());
    EXPECT_EQ(rt().block_on(handle), 13);
}

// Draining what is always ready uses the budget up.
TEST_P(rt_common, coop_consume_budget) {
    auto neighbour_ran = std::make_shared<counter>(0);
    auto handle = rt().spawn(
        [](std::shared_ptr<counter> ran) -> edo::task<int> {
            int steps = 0;
            while (edo::has_budget_remaining()) {
                co_await edo::consume_budget();
                ++steps;
            }
            const int in_one_turn = steps;
            edo::spawn(
                [](std::shared_ptr<counter> n) -> edo::task<> {
                    ++*n;
                    co_return;
                },
                ran)
                .detach();
            while (*ran == 0) { co_await edo::consume_budget(); }
            co_return in_one_turn;
        },
        neighbour_ran);
    EXPECT_EQ(rt().block_on(handle), 128);
    EXPECT_GE(rt().metrics().budget_forced_yield_count(), 1U);
}

TEST_P(rt_common, two_runtimes_do_not_mix) {
    auto other = edo::test::builder_of(GetParam()).build();
    watch(other);
    auto body = [](edo::runtime_handle foreign) -> edo::task<int> {
        auto there = foreign.spawn([]() -> edo::task<int> {
            auto child = edo::spawn(give(1));  // on the runtime of its spawner
            co_return co_await child;
        });
        auto here = edo::spawn(give(2));
        const int mine = co_await here;
        const int theirs = co_await there;
        co_return mine + theirs;
    };
    std::thread driver([&] {  // a current-thread runtime runs only in block_on
        auto wait = []() -> edo::task<> {
            while (edo::runtime_handle::current().metrics().spawned_tasks_count() < 2) {
                co_await edo::yield_now();
            }
            while (edo::runtime_handle::current().metrics().num_alive_tasks() > 0) {
                co_await edo::yield_now();
            }
        };
        other.block_on(wait());
    });
    EXPECT_EQ(rt().block_on(rt().spawn(body, other.handle())), 3);
    driver.join();
    EXPECT_EQ(other.metrics().spawned_tasks_count(), 2U);
    EXPECT_EQ(rt().metrics().spawned_tasks_count(), 2U);
}

TEST_P(rt_common, runtime_in_thread_local) {
    std::thread owner([] {
        thread_local std::unique_ptr<edo::runtime> kept;
        auto other = edo::runtime::current_thread().build();
        kept = std::make_unique<edo::runtime>(edo::test::builder_of(GetParam()).build());
        auto forever = []() -> edo::task<> { co_await edo::sleep_for(1h); };
        kept->spawn(forever).detach();
        EXPECT_EQ(kept->block_on(give(5)), 5);
        EXPECT_EQ(other.block_on(give(6)), 6);
    });
    owner.join();
}

TEST_P(rt_common, a_moved_from_runtime_says_so) {
    edo::runtime moved = edo::test::builder_of(GetParam()).build();
    const edo::runtime kept = std::move(moved);
    EXPECT_THROW(static_cast<void>(moved.handle()), std::logic_error);
    EXPECT_THROW(moved.block_on(give(1)), std::logic_error);
    EXPECT_THROW(moved.spawn(give(1)), std::logic_error);
    EXPECT_THROW(moved.shutdown_background(), std::logic_error);
}

TEST_P(rt_common, a_runtime_is_assigned_over_another_which_shuts_down) {
    counter alive{0};
    edo::runtime first = edo::test::builder_of(GetParam()).build();
    first
        .spawn([](edo::test::counted) -> edo::task<> { co_await edo::sleep_for(1h); },
               edo::test::counted(alive))
        .detach();
    first = edo::test::builder_of(GetParam()).build();
    EXPECT_EQ(alive, 0);
    EXPECT_EQ(first.block_on(give(2)), 2);
}

// rt_basic: a current-thread runtime
TEST(rt_basic, spawned_task_does_not_progress_without_block_on) {
    auto rt = edo::runtime::current_thread().build();
    auto ran = std::make_shared<counter>(0);
    auto handle = rt.spawn(
        [](std::shared_ptr<counter> n) -> edo::task<> {
            ++*n;
            co_return;
        },
        ran);
    EXPECT_EQ(*ran, 0);
    EXPECT_FALSE(handle.is_finished());
    EXPECT_EQ(rt.metrics().num_alive_tasks(), 1U);
    rt.block_on(handle);
    EXPECT_EQ(*ran, 1);
}

TEST(rt_basic, no_extra_poll) {
    auto polls = std::make_shared<counter>(0);
    auto rt = edo::runtime::current_thread()
                  .on_before_poll([polls](const edo::task_meta&) { ++*polls; })
                  .build();
    auto ready = std::make_shared<notify>();
    auto handle = rt.spawn(
        [](std::shared_ptr<notify> n) -> edo::task<> {
            co_await n->notified();
            co_await n->notified();
        },
        ready);
    auto turns = []() -> edo::task<> {
        for (int i = 0; i < 50; ++i) { co_await edo::yield_now(); }
    };
    rt.block_on(turns());
    EXPECT_EQ(*polls, 1);
    ready->notify_one();
    rt.block_on(turns());
    EXPECT_EQ(*polls, 2);
    ready->notify_one();
    rt.block_on(handle);
    EXPECT_EQ(*polls, 3);
}

TEST(rt_basic, current_thread_tasks_run_in_the_order_of_their_spawns) {
    auto rt = edo::runtime::current_thread().build();
    auto order = std::make_shared<std::vector<int>>();
    for (int i = 0; i < 100; ++i) {
        rt.spawn(
              [](std::shared_ptr<std::vector<int>> seen, int n) -> edo::task<> {
                  seen->push_back(n);
                  co_return;
              },
              order, i)
            .detach();
    }
    auto last = rt.spawn([]() -> edo::task<> { co_return; });
    rt.block_on(last);
    EXPECT_EQ(order->size(), 100U);
    EXPECT_TRUE(std::ranges::is_sorted(*order));
}

// rt_threaded
TEST_P(rt_threaded, many_oneshot_futures) {
    constexpr int tasks = 1000;
    for (int round = 0; round < 3; ++round) {
        auto ran = std::make_shared<counter>(0);
        for (int i = 0; i < tasks; ++i) {
            rt().spawn(
                    [](std::shared_ptr<counter> n) -> edo::task<> {
                        ++*n;
                        co_return;
                    },
                    ran)
                .detach();
        }
        rt().block_on(yield_until(ran, tasks));
        EXPECT_EQ(*ran, tasks);
    }
}

TEST_P(rt_threaded, tasks_run_without_a_block_on) {
    std::promise<int> result;
    auto future = result.get_future();
    rt().spawn(
            [](std::promise<int> p) -> edo::task<> {
                co_await edo::yield_now();
                p.set_value(4);
            },
            std::move(result))
        .detach();
    EXPECT_EQ(future.get(), 4);
}

TEST_P(rt_threaded, runtimes_nest_through_block_in_place) {
    auto handle = rt().spawn([]() -> edo::task<int> {
        int value = edo::block_in_place([] {
            auto inner = edo::runtime::current_thread().build();
            return inner.block_on([]() -> edo::task<int> {
                auto child = edo::spawn(give(7));
                co_return co_await child;
            }());
        });
        auto child = edo::spawn(give(1));  // this runtime is entered again
        value += co_await child;
        co_return value;
    });
    EXPECT_EQ(rt().block_on(handle), 8);
    EXPECT_EQ(rt().metrics().spawned_tasks_count(), 2U);
}

// A million tasks that all live at once: what they cost is little, and all of them end.
TEST(runtime_load, a_million_tasks_live_at_once) {
    constexpr bool is_slow = EDO_TSAN || EDO_ASAN;
    constexpr int tasks = is_slow ? 5'000 : 1'000'000;
    auto rt = edo::runtime::multi_thread().worker_threads(2).build();
    auto started = std::make_shared<counter>(0);
    auto ended = std::make_shared<counter>(0);
    auto go = std::make_shared<notify>();
    auto spawner = rt.spawn(
        [](std::shared_ptr<counter> in, std::shared_ptr<counter> out,
           std::shared_ptr<notify> gate) -> edo::task<> {
            for (int i = 0; i < tasks; ++i) {
                edo::spawn(
                    [](std::shared_ptr<counter> a, std::shared_ptr<counter> b,
                       std::shared_ptr<notify> n) -> edo::task<> {
                        auto opened = n->notified();
                        ++*a;
                        co_await opened;
                        ++*b;
                    },
                    in, out, gate)
                    .detach();
                if (i % 64 == 0) { co_await edo::yield_now(); }
            }
            while (*in < tasks) { co_await edo::yield_now(); }
        },
        started, ended, go);
    rt.block_on(spawner);
    EXPECT_EQ(rt.metrics().num_alive_tasks(), static_cast<std::size_t>(tasks));
    EXPECT_EQ(*ended, 0);
    go->notify_waiters();
    rt.block_on(yield_until(ended, tasks));
}

}  // namespace
