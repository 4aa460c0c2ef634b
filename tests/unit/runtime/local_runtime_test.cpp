// local_runtime: spawn_local without a local_set.
#include "support/runtime_fixture.hpp"

#include <edo/edo.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

namespace {

using namespace std::chrono_literals;

class rt_local : public edo::test::leak_check {};

edo::task<int> give(int value) { co_return value; }

TEST_F(rt_local, test_spawn_local_in_runtime) {
    edo::local_runtime rt;
    auto body = []() -> edo::task<int> {
        auto value = edo::make_rc<int>(41);
        auto local = edo::spawn_local(
            [](edo::rc<int> shared) -> edo::task<int> {
                co_await edo::yield_now();
                co_return ++*shared;
            },
            value);
        const int result = co_await local;
        EXPECT_EQ(*value, 42);
        co_return result;
    };
    EXPECT_EQ(rt.block_on(body()), 42);
}

TEST_F(rt_local, ordinary_spawns_and_local_ones_run_on_the_same_thread) {
    edo::local_runtime rt;
    auto body = []() -> edo::task<> {
        const auto here = std::this_thread::get_id();
        const auto where = []() -> edo::task<std::thread::id> {
            co_await edo::yield_now();
            co_return std::this_thread::get_id();
        };
        auto sent = edo::spawn(where);
        auto local = edo::spawn_local(where);
        EXPECT_EQ(co_await sent, here);
        EXPECT_EQ(co_await local, here);
    };
    rt.block_on(body());
}

TEST_F(rt_local, an_ordinary_task_spawns_local_ones) {
    edo::local_runtime rt;
    auto body = []() -> edo::task<int> {
        auto ordinary = edo::spawn([]() -> edo::task<int> {
            co_await edo::yield_now();
            auto local = edo::spawn_local(
                [](edo::rc<int> shared) -> edo::task<int> {
                    co_await edo::yield_now();
                    co_return *shared;
                },
                edo::make_rc<int>(6));
            co_return co_await local;
        });
        co_return co_await ordinary;
    };
    EXPECT_EQ(rt.block_on(body()), 6);
}

TEST_F(rt_local, a_future_that_another_thread_runs_spawns_no_local_tasks) {
    edo::local_runtime rt;
    std::thread other([remote = rt.handle()] {
        auto body = []() -> edo::task<> {
            EXPECT_THROW(static_cast<void>(edo::spawn_local(give(5))), edo::no_local_set_error);
            co_return;
        };
        remote.block_on(body());
    });
    other.join();
}

// An argument of an ordinary task that is dropped after the set may still try.
TEST_F(rt_local, nothing_is_spawned_on_it_while_it_ends) {
    struct late {
        late() = default;
        late(late&& other) noexcept : armed(std::exchange(other.armed, false)) {}
        ~late() {
            if (!armed) { return; }
            EXPECT_THROW(static_cast<void>(edo::spawn_local(give(5))), edo::no_local_set_error);
        }
        bool armed = true;
    };
    edo::local_runtime rt;
    rt.handle().spawn([](late) -> edo::task<> { co_await edo::sleep_for(1h); }, late()).detach();
    rt.block_on([]() -> edo::task<> { co_await edo::yield_now(); });
}

TEST_F(rt_local, hooks_see_the_local_tasks) {
    int spawned = 0, before = 0, after = 0, ended = 0;
    auto builder = edo::runtime::current_thread();
    builder.on_task_spawn([&](const edo::task_meta&) { ++spawned; })
        .on_before_poll([&](const edo::task_meta&) { ++before; })
        .on_after_poll([&](const edo::task_meta&) { ++after; })
        .on_task_terminate([&](const edo::task_meta&) { ++ended; });
    edo::local_runtime rt(std::move(builder));
    auto local = rt.spawn_local([]() -> edo::task<> { co_await edo::yield_now(); });
    rt.block_on(local);
    EXPECT_EQ(spawned, 1);
    EXPECT_EQ(before, 2);
    EXPECT_EQ(after, 2);
    EXPECT_EQ(ended, 1);
}

TEST_F(rt_local, a_local_task_that_throws_can_shut_it_down) {
    auto builder = edo::runtime::current_thread();
    builder.unhandled_exception(edo::unhandled_exception_policy::shutdown_runtime);
    edo::local_runtime rt(std::move(builder));
    rt.spawn_local([]() -> edo::task<> {
          throw std::runtime_error("wrong");
          co_return;
      }).detach();
    EXPECT_THROW(rt.block_on([]() -> edo::task<> { co_await edo::sleep_for(1h); }),
                 std::runtime_error);
}

TEST_F(rt_local, test_spawn_from_handle) {
    edo::local_runtime rt;
    auto handle = rt.handle().spawn([]() -> edo::task<int> {
        co_await edo::yield_now();
        co_return 5;
    });
    EXPECT_EQ(rt.block_on(handle), 5);
}

TEST_F(rt_local, test_spawn_from_guard_other_thread) {
    edo::local_runtime rt;
    edo::join_handle<int> handle;
    std::thread other([&, remote = rt.handle()] {
        auto guard = remote.enter();
        handle = edo::spawn(give(5));
    });
    other.join();
    EXPECT_EQ(rt.block_on(handle), 5);
}

TEST_F(rt_local, test_spawn_local_from_guard_other_thread) {
    edo::local_runtime rt;
    std::thread other([remote = rt.handle()] {
        auto guard = remote.enter();
        EXPECT_THROW(static_cast<void>(edo::spawn_local(give(5))), edo::no_local_set_error);
    });
    other.join();
}

TEST_F(rt_local, test_spawn_local_in_current_thread_runtime) {
    auto rt = edo::runtime::current_thread().build();
    auto body = []() -> edo::task<> {
        EXPECT_THROW(static_cast<void>(edo::spawn_local(give(5))), edo::no_local_set_error);
        co_return;
    };
    rt.block_on(body());
    rt.block_on(rt.spawn(body));
}

TEST_F(rt_local, test_spawn_local_in_multi_thread_runtime) {
    auto rt = edo::runtime::multi_thread().worker_threads(2).build();
    auto body = []() -> edo::task<> {
        EXPECT_THROW(static_cast<void>(edo::spawn_local(give(5))), edo::no_local_set_error);
        co_return;
    };
    rt.block_on(body());
    rt.block_on(rt.spawn(body));
}

TEST_F(rt_local, a_guard_makes_spawn_and_spawn_local_go_here) {
    edo::local_runtime rt;
    edo::join_handle<int> local;
    edo::join_handle<int> sent;
    {
        auto guard = rt.enter();
        local = edo::spawn_local(give(1));
        sent = edo::spawn(give(2));
    }
    auto body = [&]() -> edo::task<int> {
        const int first = co_await local;
        const int second = co_await sent;
        co_return first + second;
    };
    EXPECT_EQ(rt.block_on(body()), 3);
    EXPECT_FALSE(edo::runtime_handle::try_current());
}

TEST_F(rt_local, its_own_spawn_local_waits_for_block_on) {
    edo::local_runtime rt;
    auto handle = rt.spawn_local(give(8));
    EXPECT_FALSE(handle.is_finished());
    EXPECT_EQ(rt.block_on(handle), 8);
}

TEST_F(rt_local, drops_its_local_tasks) {
    std::atomic<int> alive{0};
    {
        edo::local_runtime rt;
        rt.spawn_local([](edo::test::counted) -> edo::task<> { co_await edo::sleep_for(1h); },
                       edo::test::counted(alive))
            .detach();
        auto body = []() -> edo::task<> { co_await edo::yield_now(); };
        rt.block_on(body());
        EXPECT_GE(alive, 1);
    }
    EXPECT_EQ(alive, 0);
}

TEST_F(rt_local, takes_the_options_of_a_builder) {
    edo::local_runtime rt(std::move(edo::runtime::current_thread().start_paused(true)));
    auto body = []() -> edo::task<> {
        auto local = edo::spawn_local([]() -> edo::task<> { co_await edo::sleep_for(24h); });
        co_await local;
    };
    rt.block_on(body());
}

}  // namespace
