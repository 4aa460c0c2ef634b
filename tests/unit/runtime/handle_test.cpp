// runtime_handle: where spawns go, guards, and what a handle does after the end of its runtime.
#include "support/runtime_fixture.hpp"

#include <edo/edo.hpp>
#include <edo/sync/mpsc.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <coroutine>
#include <cstdint>
#include <functional>
#include <future>
#include <latch>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

namespace {

using namespace std::chrono_literals;
using counter = std::atomic<int>;

class rt_handle : public edo::test::runtime_test {};
INSTANTIATE_TEST_SUITE_P(kinds, rt_handle, edo::test::all_kinds, edo::test::kind_name);

class rt_handle_block_on : public edo::test::runtime_test {};
INSTANTIATE_TEST_SUITE_P(kinds, rt_handle_block_on, edo::test::all_kinds, edo::test::kind_name);

class rt_handle_threaded : public edo::test::runtime_test {};
INSTANTIATE_TEST_SUITE_P(kinds, rt_handle_threaded, edo::test::multi_thread_kinds,
                         edo::test::kind_name);

class rt_handle_death : public testing::Test {
protected:
    rt_handle_death() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

edo::task<int> give(int value) { co_return value; }

/// Wakes its own awaiter, then sleeps on this thread for something else.
struct wakes_and_sleeps {
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> self) const {
        self.resume();
        edo::block_in_place([] { edo::runtime_handle::current().block_on(edo::sleep_for(1ms)); });
    }
    void await_resume() const noexcept {}
};

/// The metrics of a runtime tell which one it is: the number of spawns.
std::uint64_t spawned(const edo::runtime& rt) { return rt.metrics().spawned_tasks_count(); }

template <class F>
std::string no_runtime_text(F&& call) {
    try {
        call();
    } catch (const edo::no_runtime_error& e) { return e.what(); }
    return "";
}

TEST_P(rt_handle, basic_enter) {
    auto other = edo::runtime::current_thread().build();
    auto outer = rt().enter();
    {
        auto inner = other.enter();
        edo::spawn(give(1)).detach();
        EXPECT_EQ(spawned(other), 1U);
    }
    edo::spawn(give(1)).detach();
    edo::spawn(give(1)).detach();
    EXPECT_EQ(spawned(rt()), 2U);
    EXPECT_EQ(spawned(other), 1U);
}

TEST_P(rt_handle, the_same_runtime_may_be_entered_twice) {
    auto outer = rt().enter();
    { auto inner = rt().handle().enter(); }
    EXPECT_TRUE(edo::runtime_handle::try_current());
}

TEST_P(rt_handle, a_guard_holds_on_this_thread_only) {
    auto guard = rt().enter();
    std::thread other([] { EXPECT_FALSE(edo::runtime_handle::try_current()); });
    other.join();
}

TEST_P(rt_handle, a_guard_may_be_used_inside_a_task_between_awaits) {
    auto other = edo::runtime::current_thread().build();
    auto handle = rt().spawn(
        [](edo::runtime_handle there) -> edo::task<edo::join_handle<int>> {
            edo::join_handle<int> made;
            {
                auto guard = there.enter();
                made = edo::spawn(give(4));
            }
            co_await edo::yield_now();
            auto own = edo::spawn(give(5));
            co_await own;
            co_return made;
        },
        other.handle());
    auto made = rt().block_on(handle);
    EXPECT_EQ(spawned(other), 1U);
    EXPECT_EQ(spawned(rt()), 2U);
    EXPECT_EQ(other.block_on(made), 4);
}

TEST_P(rt_handle, current_is_the_runtime_of_tasks_closures_and_block_on) {
    const auto current = [] { return edo::runtime_handle::current().metrics().num_workers(); };
    const std::size_t workers = rt().metrics().num_workers();
    auto in_task = [](auto ask) -> edo::task<std::size_t> { co_return ask(); };
    EXPECT_EQ(rt().block_on(rt().spawn(in_task, current)), workers);
    EXPECT_EQ(rt().block_on(rt().spawn_blocking(current)), workers);
    EXPECT_EQ(rt().block_on(in_task(current)), workers);
    EXPECT_FALSE(edo::runtime_handle::try_current());
}

TEST(rt_handle_outside, current_handle_panic_caller) {
    const std::string text =
        no_runtime_text([] { static_cast<void>(edo::runtime_handle::current()); });
    EXPECT_NE(text.find("handle_test.cpp:"), std::string::npos) << text;
    EXPECT_NE(text.find("runtime_handle::current"), std::string::npos) << text;
    EXPECT_NE(text.find("enter()"), std::string::npos) << "it says what to do: " << text;
    EXPECT_FALSE(edo::runtime_handle::try_current());
}

TEST(rt_handle_outside, spawns_without_a_runtime_name_the_function_and_the_fix) {
    const std::string spawn = no_runtime_text([] { edo::spawn(give(1)).detach(); });
    EXPECT_NE(spawn.find("edo::spawn needs a runtime"), std::string::npos) << spawn;
    EXPECT_NE(spawn.find("inside a task, inside block_on, or under runtime_handle::enter()"),
              std::string::npos)
        << spawn;
    const std::string blocking = no_runtime_text([] { edo::spawn_blocking([] {}).detach(); });
    EXPECT_NE(blocking.find("edo::spawn_blocking needs a runtime"), std::string::npos) << blocking;
}

TEST(rt_handle_outside, a_spawn_without_a_runtime_destroys_its_arguments) {
    counter alive{0};
    const auto spawn = [&] {
        edo::spawn([](edo::test::counted) -> edo::task<> { co_return; }, edo::test::counted(alive))
            .detach();
    };
    EXPECT_THROW(spawn(), edo::no_runtime_error);
    EXPECT_EQ(alive, 0);
}

TEST_F(rt_handle_death, interleave_enter_different_rt) {
    const auto interleave = [] {
        auto first = edo::runtime::current_thread().build();
        auto second = edo::runtime::current_thread().build();
        auto outer = std::unique_ptr<edo::enter_guard>(new edo::enter_guard(first.enter()));
        const auto inner = std::unique_ptr<edo::enter_guard>(new edo::enter_guard(second.enter()));
        outer.reset();
    };
    EXPECT_DEATH(interleave(), "guards must end in the reverse order of their making");
}

TEST_F(rt_handle_death, interleave_enter_same_rt) {
    const auto interleave = [] {
        auto rt = edo::runtime::current_thread().build();
        auto outer = std::unique_ptr<edo::enter_guard>(new edo::enter_guard(rt.enter()));
        const auto inner = std::unique_ptr<edo::enter_guard>(new edo::enter_guard(rt.enter()));
        outer.reset();
    };
    EXPECT_DEATH(interleave(), "guards must end in the reverse order of their making");
}

TEST_F(rt_handle_death, a_guard_held_across_a_co_await_in_a_task) {
    const auto hold = [] {
        auto rt = edo::runtime::multi_thread().worker_threads(1).build();
        auto handle = rt.spawn([]() -> edo::task<> {
            auto guard = edo::runtime_handle::current().enter();
            co_await edo::yield_now();
        });
        rt.block_on(handle);
    };
    EXPECT_DEATH(hold(), "guard was held across a co_await");
}

TEST_F(rt_handle_death, a_guard_held_across_a_co_await_in_block_on) {
    const auto hold = [] {
        auto rt = edo::runtime::current_thread().build();
        auto body = []() -> edo::task<> {
            auto guard = edo::runtime_handle::current().enter();
            co_await edo::sleep_for(1ms);
        };
        rt.block_on(body());
    };
    EXPECT_DEATH(hold(), "guard was held across a co_await");
}

// rt_handle_block_on
TEST_P(rt_handle_block_on, basic) {
    const auto handle = rt().handle();
    EXPECT_EQ(handle.block_on(give(1)), 1);
    stop();
    EXPECT_EQ(handle.block_on(give(2)), 2) << "it needs nothing of the runtime";
}

/// A plain thread sends, the future of block_on receives.
template <class Ends>
void receive_from_thread(const edo::runtime_handle& handle, Ends ends) {
    constexpr int values = 50;
    std::thread sender([tx = std::move(ends.first)] {
        for (int i = 0; i < values; ++i) {
            if constexpr (requires { tx.blocking_send(i); }) {
                EXPECT_TRUE(tx.blocking_send(i).has_value());
            } else {
                EXPECT_TRUE(tx.send(i).has_value());
            }
        }
    });
    auto body = [](edo::sync::mpsc_receiver<int> rx) -> edo::task<int> {
        int next = 0;
        while (auto value = co_await rx.recv()) { EXPECT_EQ(*value, next++); }
        co_return next;
    };
    EXPECT_EQ(handle.block_on(body(std::move(ends.second))), values);
    sender.join();
}

TEST_P(rt_handle_block_on, bounded_mpsc_channel) {
    const auto handle = rt().handle();
    receive_from_thread(handle, edo::sync::mpsc<int>(1));
    stop();
    receive_from_thread(handle, edo::sync::mpsc<int>(1));
}

TEST_P(rt_handle_block_on, unbounded_mpsc_channel) {
    const auto handle = rt().handle();
    receive_from_thread(handle, edo::sync::mpsc_unbounded<int>());
    stop();
    receive_from_thread(handle, edo::sync::mpsc_unbounded<int>());
}

TEST_P(rt_handle_block_on, basic_spawn_blocking) {
    auto body = []() -> edo::task<int> {
        auto closure = edo::spawn_blocking([] { return 42; });
        co_return co_await closure;
    };
    EXPECT_EQ(rt().handle().block_on(body()), 42);
}

TEST_P(rt_handle_block_on, spawn_blocking_after_shutdown_fails) {
    const auto handle = rt().handle();
    stop();
    auto closure = handle.spawn_blocking([] { return 42; });
    auto result = handle.block_on(closure.join());
    ASSERT_FALSE(result);
    EXPECT_TRUE(result.error().is_cancelled());
}

TEST_P(rt_handle_block_on, spawn_blocking_started_before_shutdown_continues) {
    std::latch started(1);
    std::promise<void> go;
    auto closure = rt().spawn_blocking(
        [](std::reference_wrapper<std::latch> in, std::future<void> gate) {
            in.get().count_down();
            gate.wait();
            return 42;
        },
        edo::unchecked(std::ref(started)), go.get_future());
    started.wait();
    std::thread opener([&] { go.set_value(); });
    const auto handle = rt().handle();
    stop();
    opener.join();
    EXPECT_EQ(handle.block_on(closure), 42);
}

TEST_P(rt_handle_block_on, spawn_after_runtime_dropped) {
    counter alive{0};
    const auto handle = rt().handle();
    auto pending =
        rt().spawn([](edo::test::counted) -> edo::task<> { co_await edo::sleep_for(1h); },
                   edo::test::counted(alive));
    stop();
    EXPECT_EQ(alive, 0);
    auto late = handle.spawn(
        [](edo::test::counted) -> edo::task<> {
            ADD_FAILURE() << "it must not run";
            co_return;
        },
        edo::test::counted(alive));
    EXPECT_EQ(alive, 0) << "its arguments are destroyed at once";
    EXPECT_TRUE(late.is_finished());
    for (auto* each : {&pending, &late}) {
        auto result = handle.block_on(each->join());
        ASSERT_FALSE(result);
        EXPECT_TRUE(result.error().is_cancelled());
    }
}

TEST_P(rt_handle_block_on, nesting) {
    auto body = [&]() -> edo::task<> {
        EXPECT_THROW(rt().handle().block_on(give(1)), std::logic_error);
        co_return;
    };
    rt().handle().block_on(body());
}

TEST_P(rt_handle_block_on, blocking_closures_may_block_on) {
    auto closure = rt().spawn_blocking([] {
        auto handle = edo::runtime_handle::current();
        auto spawned = handle.spawn(give(3));
        return handle.block_on(spawned);  // the workers, or the thread in block_on, run it
    });
    EXPECT_EQ(rt().block_on(closure), 3);
}

TEST_P(rt_handle_threaded, sleep) {
    auto body = []() -> edo::task<> { co_await edo::sleep_for(2ms); };
    rt().handle().block_on(body());
}

// Nobody fires the timers of a multi-thread runtime any more: its sleeps have to fail.
// Where Tokio panics, a root of Edo outlives its runtime with its timers.
TEST_P(rt_handle_threaded, sleep_before_shutdown_ends) {
    std::optional<edo::runtime> own(edo::test::builder_of(GetParam()).build());
    const auto handle = own->handle();
    std::latch started(1);
    std::thread sleeper([&] {
        auto body = [&]() -> edo::task<> {
            started.count_down();
            co_await edo::sleep_for(10ms);
        };
        handle.block_on(body());
    });
    started.wait();
    own.reset();
    sleeper.join();
}

TEST_P(rt_handle_threaded, sleep_after_shutdown_ends) {
    const auto handle = rt().handle();
    stop();
    auto body = []() -> edo::task<> { co_await edo::sleep_for(1ms); };
    handle.block_on(body());
}

TEST(rt_handle_paused, sleep_after_shutdown_ends) {
    std::optional<edo::runtime> own(edo::runtime::current_thread().start_paused(true).build());
    const auto handle = own->handle();
    own.reset();
    handle.block_on(edo::sleep_for(1h));  // the clock jumps
}

TEST_P(rt_handle_threaded, a_root_that_ends_its_runtime_can_sleep_on) {
    std::optional<edo::runtime> own(edo::test::builder_of(GetParam()).build());
    auto body = [&]() -> edo::task<> {
        own->shutdown_background();
        co_await edo::sleep_for(1ms);
    };
    own->block_on(body());
}

// A wake that comes before the thread sleeps for something else is not lost with that sleep's end.
TEST_P(rt_handle_threaded, thread_park_ok) {
    auto body = []() -> edo::task<int> {
        for (int i = 0; i < 3; ++i) {
            const wakes_and_sleeps both;
            co_await both;
        }
        co_return 3;
    };
    EXPECT_EQ(rt().handle().block_on(body()), 3);
    EXPECT_EQ(rt().block_on(rt().spawn(body)), 3);
}

TEST_P(rt_handle_threaded, yield_in_block_in_place) {
    auto outer = [&]() -> edo::task<> {
        edo::block_in_place([] {
            auto inner = []() -> edo::task<> { co_await edo::yield_now(); };
            edo::runtime_handle::current().block_on(inner());
        });
        co_return;
    };
    rt().block_on(outer());
    rt().block_on(rt().spawn(edo::unchecked(outer)));
}

TEST_P(rt_handle, a_handle_outlives_its_runtime) {
    const auto handle = rt().handle();
    const std::size_t workers = handle.metrics().num_workers();
    stop();
    EXPECT_EQ(handle.metrics().num_alive_tasks(), 0U);
    EXPECT_EQ(handle.metrics().num_workers(), workers);
    const auto guard = handle.enter();
    auto late = edo::spawn(give(1));
    EXPECT_TRUE(late.is_finished());
}

}  // namespace
