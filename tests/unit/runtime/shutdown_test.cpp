// The end of a runtime: what is dropped, what is waited for, in which order.
#include "support/runtime_fixture.hpp"

#include <edo/edo.hpp>
#include <edo/sync/notify.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <coroutine>
#include <functional>
#include <future>
#include <latch>
#include <memory>
#include <optional>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using counter = std::atomic<int>;
using edo::sync::notify;
using edo::test::counted;

class shutdown : public edo::test::runtime_test {};
INSTANTIATE_TEST_SUITE_P(kinds, shutdown, edo::test::all_kinds, edo::test::kind_name);

class shutdown_death : public testing::TestWithParam<edo::test::runtime_kind> {
protected:
    shutdown_death() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};
INSTANTIATE_TEST_SUITE_P(kinds, shutdown_death,
                         testing::Values(edo::test::runtime_kind{"current_thread", 0},
                                         edo::test::runtime_kind{"multi_thread_2", 2}),
                         edo::test::kind_name);

edo::task<int> give(int value) { co_return value; }
edo::task<> sleep_long(counted) { co_await edo::sleep_for(1h); }
edo::task<> sleep_while_counted(std::shared_ptr<counter> alive) {
    const counted token(*alive);
    co_await edo::sleep_for(1h);
}
edo::task<> wait_for(std::shared_ptr<notify> n, counted) { co_await n->notified(); }
edo::task<> spin(std::shared_ptr<counter> turns, counted) {
    for (;;) {
        ++*turns;
        co_await edo::yield_now();
    }
}
edo::task<> turns(int n) {
    for (int i = 0; i < n; ++i) { co_await edo::yield_now(); }
}

/// What lives in a runtime when it ends.
struct inhabitants {
    std::vector<edo::join_handle<void>> handles;

    void add(edo::runtime& rt, counter& alive) {
        auto spun = std::make_shared<counter>(0);
        handles.push_back(rt.spawn(spin, spun, counted(alive)));
        handles.push_back(rt.spawn(sleep_long, counted(alive)));
        handles.push_back(rt.spawn(wait_for, std::make_shared<notify>(), counted(alive)));
        rt.block_on(turns(20));
        handles.push_back(rt.spawn(sleep_long, counted(alive)));  // perhaps never run
    }
};

TEST_P(shutdown, drops_tasks_that_run_sleep_wait_and_never_ran) {
    counter alive{0};
    inhabitants all;
    all.add(rt(), alive);
    stop();
    EXPECT_EQ(alive, 0);
    for (auto& handle : all.handles) { EXPECT_TRUE(handle.is_finished()); }
    auto other = edo::runtime::current_thread().build();
    for (auto& handle : all.handles) {
        auto result = other.block_on(handle.join());
        ASSERT_FALSE(result);
        EXPECT_TRUE(result.error().is_cancelled());
    }
}

TEST_P(shutdown, join_handles_may_go_before_the_runtime) {
    counter alive{0};
    {
        inhabitants all;
        all.add(rt(), alive);
    }
    EXPECT_GE(alive, 4) << "detached tasks go on";
    stop();
    EXPECT_EQ(alive, 0);
}

TEST_P(shutdown, handles_and_abort_handles_may_go_last) {
    counter alive{0};
    std::optional<edo::runtime_handle> handle(rt().handle());
    std::vector<edo::abort_handle> aborts;
    {
        inhabitants all;
        all.add(rt(), alive);
        for (auto& each : all.handles) { aborts.push_back(each.abort_handle()); }
    }
    stop();
    EXPECT_EQ(alive, 0);
    handle.reset();
    for (auto& each : aborts) {
        EXPECT_TRUE(each.is_finished());
        each.abort();
    }
}

TEST_P(shutdown, a_never_run_task_is_dropped_without_a_turn) {
    if (!is_current_thread()) { GTEST_SKIP() << "its workers would run the task"; }
    counter alive{0};
    auto handle = rt().spawn(
        [](counted) -> edo::task<> {
            ADD_FAILURE() << "it must not run";
            co_return;
        },
        counted(alive));
    EXPECT_EQ(alive, 1);
    stop();
    EXPECT_EQ(alive, 0);
    EXPECT_TRUE(handle.is_finished());
}

TEST_P(shutdown, destructors_run_on_the_threads_of_the_runtime) {
    struct notes_thread {
        std::shared_ptr<std::thread::id> where;
        ~notes_thread() {
            if (where) { *where = std::this_thread::get_id(); }
        }
    };
    auto where = std::make_shared<std::thread::id>();
    auto ready = std::make_shared<std::latch>(1);
    auto body = [](std::shared_ptr<std::thread::id> at,
                   std::shared_ptr<std::latch> in) -> edo::task<> {
        const notes_thread note{std::move(at)};
        in->count_down();
        co_await edo::sleep_for(1h);
    };
    rt().spawn(body, where, ready).detach();
    rt().block_on(turns(3));
    if (!is_current_thread()) { ready->wait(); }
    stop();
    EXPECT_NE(*where, std::thread::id());
    EXPECT_EQ(*where == std::this_thread::get_id(), is_current_thread());
}

TEST_P(shutdown, the_queue_of_the_blocking_pool_is_cancelled_and_what_runs_is_waited_for) {
    auto made = edo::test::builder_of(GetParam());
    made.max_blocking_threads(1);
    use(std::move(made));
    counter alive{0};
    std::latch started(1);
    std::promise<void> gate;
    auto runs = rt().spawn_blocking(
        [](std::reference_wrapper<std::latch> in, std::future<void> open) {
            in.get().count_down();
            open.wait();
            return 1;
        },
        edo::unchecked(std::ref(started)), gate.get_future());
    started.wait();
    auto queued =
        rt().spawn_blocking([](counted) { ADD_FAILURE() << "it must not run"; }, counted(alive));
    EXPECT_EQ(alive, 1);
    std::thread opener([&] {
        while (!queued.is_finished()) { std::this_thread::yield(); }
        gate.set_value();  // only after the queue was cancelled
    });
    const auto handle = rt().handle();
    stop();
    opener.join();
    EXPECT_EQ(alive, 0);
    EXPECT_TRUE(runs.is_finished()) << "~runtime waited for it";
    EXPECT_EQ(handle.block_on(runs), 1);
    auto result = handle.block_on(queued.join());
    ASSERT_FALSE(result);
    EXPECT_TRUE(result.error().is_cancelled());
}

// A pending destructor wakes, aborts and spawns: nothing of this runs any more, nothing hangs.
TEST_P(shutdown, wake_while_rt_is_dropping) {
    struct wakes {
        std::shared_ptr<notify> target;
        ~wakes() { target->notify_one(); }
    };
    auto first = std::make_shared<notify>();
    auto second = std::make_shared<notify>();
    auto resumed = std::make_shared<counter>(0);
    auto body = [](std::shared_ptr<notify> mine, std::shared_ptr<notify> theirs,
                   std::shared_ptr<counter> woken) -> edo::task<> {
        const wakes at_end(std::move(theirs));
        co_await mine->notified();
        ++*woken;
        co_await edo::sleep_for(1h);
    };
    rt().spawn(body, first, second, resumed).detach();
    rt().spawn(body, second, first, resumed).detach();
    rt().block_on(turns(10));
    stop();
    EXPECT_LE(*resumed, 1) << "a task woken by the drop of the other one is dropped as well";
}

TEST_P(shutdown, a_spawn_from_a_destructor_during_the_shutdown_is_cancelled) {
    struct spawns {
        std::shared_ptr<counter> cancelled;
        ~spawns() {
            auto late = edo::spawn([]() -> edo::task<> {
                ADD_FAILURE() << "it must not run";
                co_return;
            });
            if (late.is_finished()) { ++*cancelled; }
        }
    };
    auto cancelled = std::make_shared<counter>(0);
    auto ready = std::make_shared<std::latch>(1);
    rt().spawn(
            [](std::shared_ptr<counter> n, std::shared_ptr<std::latch> in) -> edo::task<> {
                const spawns at_end(std::move(n));
                in->count_down();
                co_await edo::sleep_for(1h);
            },
            cancelled, ready)
        .detach();
    rt().block_on(turns(3));
    if (!is_current_thread()) { ready->wait(); }
    stop();
    EXPECT_EQ(*cancelled, 1);
}

// A destructor joins, by the handle it owns, tasks that are dropped as well.
TEST_P(shutdown, tasks_that_own_each_others_handles_are_dropped) {
    counter alive{0};
    auto inner = rt().spawn(sleep_long, counted(alive));
    auto outer = rt().spawn([](edo::join_handle<void> h, counted) -> edo::task<> { co_await h; },
                            std::move(inner), counted(alive));
    rt().block_on(turns(3));
    stop();
    EXPECT_EQ(alive, 0);
    EXPECT_TRUE(outer.is_finished());
}

TEST_P(shutdown, shutdown_timeout_0) {
    auto own = edo::test::builder_of(GetParam()).build();
    const auto handle = own.handle();
    auto alive = std::make_shared<counter>(0);  // tasks may be dropped after the call
    own.spawn(sleep_while_counted, alive).detach();
    own.shutdown_timeout(0ns);
    EXPECT_THROW(static_cast<void>(own.handle()), std::logic_error);
    while (handle.metrics().num_alive_tasks() > 0) { std::this_thread::yield(); }
    EXPECT_EQ(*alive, 0);
}

TEST_P(shutdown, shutdown_wakeup_time) {
    counter alive{0};
    rt().spawn(sleep_long, counted(alive)).detach();
    auto closure = rt().spawn_blocking([] {});
    rt().block_on(closure);
    rt().shutdown_timeout(std::chrono::nanoseconds::max());  // returns as soon as all is done
    EXPECT_EQ(alive, 0);
}

TEST_P(shutdown, shutdown_timeout_leaves_a_closure_that_runs_on) {
    std::latch started(1);
    std::latch ended(1);
    std::promise<void> gate;
    auto closure = rt().spawn_blocking(
        [](std::reference_wrapper<std::latch> in, std::reference_wrapper<std::latch> out,
           std::future<void> open) {
            in.get().count_down();
            open.wait();
            out.get().count_down();
            return 5;
        },
        edo::unchecked(std::ref(started)), edo::unchecked(std::ref(ended)), gate.get_future());
    started.wait();
    const auto handle = rt().handle();
    rt().shutdown_timeout(1ms);
    EXPECT_FALSE(closure.is_finished());
    gate.set_value();
    EXPECT_EQ(handle.block_on(closure), 5) << "its value still arrives";
    ended.wait();
}

TEST_P(shutdown, can_shutdown_with_zero_timeout_in_runtime) {
    edo::runtime doomed = edo::test::builder_of(GetParam()).build();
    const auto handle = doomed.handle();
    auto alive = std::make_shared<counter>(0);  // tasks may be dropped after the call
    doomed.spawn(sleep_while_counted, alive).detach();
    auto body = [](edo::runtime rt) -> edo::task<> {
        rt.shutdown_timeout(0ns);
        co_return;
    };
    rt().block_on(body(std::move(doomed)));
    while (handle.metrics().num_alive_tasks() > 0) { std::this_thread::yield(); }
    EXPECT_EQ(*alive, 0);
}

TEST_P(shutdown, can_shutdown_now_in_runtime) {
    edo::runtime doomed = edo::test::builder_of(GetParam()).build();
    const auto handle = doomed.handle();
    auto alive = std::make_shared<counter>(0);  // tasks may be dropped after the call
    doomed.spawn(sleep_while_counted, alive).detach();
    auto body = [](edo::runtime rt) -> edo::task<> {
        rt.shutdown_background();
        co_return;
    };
    rt().block_on(rt().spawn(body, std::move(doomed)));
    while (handle.metrics().num_alive_tasks() > 0) { std::this_thread::yield(); }
    EXPECT_EQ(*alive, 0);
}

TEST_P(shutdown, shutdown_background_inside_block_on) {
    auto alive = std::make_shared<counter>(0);
    {
        edo::runtime own = edo::test::builder_of(GetParam()).build();
        auto body = [&]() -> edo::task<int> {
            for (int i = 0; i < 3; ++i) { own.spawn(sleep_while_counted, alive).detach(); }
            while (*alive < 3) { co_await edo::yield_now(); }
            own.shutdown_background();  // nothing else holds the runtime
            co_return 7;
        };
        EXPECT_EQ(own.block_on(body()), 7);
        if (is_current_thread()) { EXPECT_EQ(*alive, 0); }
    }
    while (*alive > 0) { std::this_thread::yield(); }
}

/// An awaitable of another library that only the test resumes.
struct opaque {
    std::atomic<void*>* waiter;
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> h) const noexcept { *waiter = h.address(); }
    void await_resume() const noexcept {}
};

TEST_P(shutdown, a_pin_outlives_its_runtime_and_drops_its_task_late) {
    counter alive{0};
    std::atomic<void*> waiter{nullptr};
    const auto body = [](counted, std::atomic<void*>* out) -> edo::task<> {
        const opaque pin{out};
        co_await pin;
        ADD_FAILURE() << "the task went on after the end of its runtime";
    };
    std::optional<edo::runtime> own(edo::test::builder_of(GetParam()).build());
    std::optional<edo::runtime_handle> handle = own->handle();
    auto joined = own->spawn(body, counted(alive), edo::unchecked(&waiter));
    own->block_on(edo::yield_now());
    while (waiter == nullptr) { std::this_thread::yield(); }
    own->shutdown_timeout(50ms);
    own.reset();
    EXPECT_EQ(handle->metrics().leaked_tasks(), 1U);
    handle.reset();
    EXPECT_FALSE(joined.is_finished());
    EXPECT_GT(alive, 0);
    std::coroutine_handle<>::from_address(waiter).resume();
    while (alive != 0 || !joined.is_finished()) { std::this_thread::yield(); }
}

TEST_P(shutdown, waits_for_a_closure_that_waits_for_a_timer) {
    counter ended{0};
    {
        auto own = edo::test::builder_of(GetParam()).build();
        std::latch started(1);
        own.spawn_blocking(edo::unchecked([&] {
               started.count_down();
               edo::runtime_handle::current().block_on(edo::sleep_for(50ms));
               ++ended;
           }))
            .detach();
        started.wait();
    }
    EXPECT_EQ(ended, 1);
}

TEST_P(shutdown, shutdown_background_inside_an_own_task) {
    auto late_is_cancelled = std::make_shared<std::promise<bool>>();
    auto result = late_is_cancelled->get_future();
    auto own = std::make_unique<edo::runtime>(edo::test::builder_of(GetParam()).build());
    edo::runtime& shared = *own;
    const auto handle = shared.handle();
    auto body = [](std::unique_ptr<edo::runtime> mine,
                   std::shared_ptr<std::promise<bool>> out) -> edo::task<> {
        mine->shutdown_background();
        mine.reset();
        auto late = edo::spawn([]() -> edo::task<> { co_return; });
        out->set_value(late.is_finished());
        co_await edo::yield_now();  // it is dropped here
        ADD_FAILURE() << "the task went on after the end of its runtime";
    };
    if (is_current_thread()) {
        std::promise<std::unique_ptr<edo::runtime>> unused;
        auto spawned =
            handle.spawn(edo::unchecked(body), edo::unchecked(std::move(own)), late_is_cancelled);
        auto wait = [&]() -> edo::task<bool> {
            auto joined = co_await spawned.join();
            co_return joined.has_value();
        };
        EXPECT_FALSE(shared.block_on(wait()));
    } else {
        handle.spawn(edo::unchecked(body), edo::unchecked(std::move(own)), late_is_cancelled)
            .detach();
        while (handle.metrics().num_alive_tasks() > 0) { std::this_thread::yield(); }
    }
    EXPECT_TRUE(result.get());
}

TEST_P(shutdown_death, a_runtime_destroyed_inside_its_own_task) {
    const auto destroy = [] {
        auto own = std::make_unique<edo::runtime>(edo::test::builder_of(GetParam()).build());
        const auto handle = own->handle();
        edo::runtime& shared = *own;
        auto body = [](std::unique_ptr<edo::runtime> mine) -> edo::task<> {
            mine.reset();
            co_return;
        };
        auto spawned = handle.spawn(body, std::move(own));
        shared.block_on(spawned);
    };
    EXPECT_DEATH(destroy(), "shut down inside one of its own tasks");
}

TEST_P(shutdown, a_runtime_destroyed_inside_a_task_of_another_one) {
    counter alive{0};
    edo::runtime doomed = edo::test::builder_of(GetParam()).build();
    doomed.spawn(sleep_long, counted(alive)).detach();
    auto body = [](edo::runtime owned) -> edo::task<int> {
        { const edo::runtime ends_here = std::move(owned); }
        auto child = edo::spawn(give(3));  // our own runtime is entered still
        co_return co_await child;
    };
    EXPECT_EQ(rt().block_on(rt().spawn(body, std::move(doomed))), 3);
    EXPECT_EQ(alive, 0);
}

TEST_P(shutdown, hang_on_shutdown) {
    if (is_current_thread()) { GTEST_SKIP() << "block_in_place needs a multi-thread runtime"; }
    auto started = std::make_shared<std::latch>(2);
    std::promise<void> owned_by_task;
    auto blocked_on = owned_by_task.get_future();
    rt().spawn(
            [](std::promise<void> p, std::shared_ptr<std::latch> in) -> edo::task<> {
                in->count_down();
                co_await edo::sleep_for(1h);
                p.set_value();
            },
            std::move(owned_by_task), started)
        .detach();
    rt().spawn(
            [](std::future<void> f, std::shared_ptr<std::latch> in) -> edo::task<> {
                in->count_down();
                edo::block_in_place([&] { f.wait(); });  // until the promise is destroyed
                co_return;
            },
            std::move(blocked_on), started)
        .detach();
    started->wait();
    stop();
}

TEST_P(shutdown, a_concurrent_spawner_sees_its_tasks_run_or_cancelled) {
    counter alive{0};
    for (int round = 0; round < 20; ++round) {
        auto own = std::make_unique<edo::runtime>(edo::test::builder_of(GetParam()).build());
        const auto handle = own->handle();
        std::atomic<bool> ended{false};
        std::latch spawned_some(1);
        std::thread spawner([&] {
            for (int i = 0; i < 50 || !ended; ++i) {
                auto each = handle.spawn([](counted) -> edo::task<> { co_return; }, counted(alive));
                if (i == 10) { spawned_some.count_down(); }
            }
        });
        spawned_some.wait();
        own.reset();
        ended = true;
        spawner.join();
        EXPECT_EQ(alive, 0);
        EXPECT_EQ(handle.metrics().num_alive_tasks(), 0U);
    }
}

}  // namespace
