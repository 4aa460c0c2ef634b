// Tasks that a tracker starts, on every kind of runtime. Ports the modules spawn, spawn_local and
// spawn_local_on of task_tracker.rs.
#include <edo/sync/notify.hpp>
#include <edo/task/task_tracker.hpp>

#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

#include "support/runtime_fixture.hpp"

namespace {

namespace test = edo::test;
using edo::task;
using edo::task_tracker;
using edo::task_tracker_token;
using test::counted;

using gate = std::shared_ptr<edo::sync::notify>;
gate make_gate() { return std::make_shared<edo::sync::notify>(); }
task<> forever() { co_await edo::sleep_until(edo::clock::time_point::max()); }
task<> forever_with(counted) { co_await forever(); }

class task_tracker_rt : public test::runtime_test {
protected:
    std::atomic<int> alive{0};
};
INSTANTIATE_TEST_SUITE_P(task, task_tracker_rt, test::all_kinds, test::kind_name);

TEST_P(task_tracker_rt, spawn_then_close) {
    auto body = [&]() -> task<> {
        const task_tracker tracker;
        const auto holds = [](counted) -> task<> { co_await edo::yield_now(); };
        for (int i = 0; i < 10; ++i) { tracker.spawn(holds, counted(alive)); }
        tracker.close();
        co_await tracker.wait();
        EXPECT_TRUE(tracker.empty());
        EXPECT_EQ(alive, 0) << "their frames are gone";
    };
    rt().block_on(body());
}

TEST_P(task_tracker_rt, spawn_after_close) {
    auto body = [&]() -> task<> {
        const task_tracker tracker;
        tracker.close();
        auto g = make_gate();
        auto handle = tracker.spawn(
            [](gate mine) -> task<int> {
                co_await mine->notified();
                co_return 3;
            },
            g);
        EXPECT_EQ(tracker.size(), 1U);
        auto waiting = tracker.wait();
        auto late = co_await edo::timeout(edo::clock::duration::zero(), waiting);
        EXPECT_FALSE(late.has_value());
        g->notify_one();
        co_await waiting;
        EXPECT_TRUE(handle.is_finished());
        const int result = co_await handle;
        EXPECT_EQ(result, 3);
    };
    rt().block_on(body());
}

TEST_P(task_tracker_rt, spawn_on_another_runtime) {
    auto other = edo::runtime::multi_thread().worker_threads(1).build();
    const task_tracker tracker;
    auto where = tracker.spawn_on(
        other.handle(), []() -> task<std::thread::id> { co_return std::this_thread::get_id(); });
    tracker.close();
    auto body = [&]() -> task<> {
        co_await tracker.wait();
        EXPECT_TRUE(where.is_finished());
        const auto id = co_await where;
        EXPECT_NE(id, std::this_thread::get_id());
    };
    rt().block_on(body());
}

TEST_P(task_tracker_rt, several_wait) {
    auto body = [&]() -> task<> {
        const task_tracker tracker;
        auto g = make_gate();
        tracker.spawn([](gate mine) -> task<> { co_await mine->notified(); }, g);
        auto released = std::make_shared<std::atomic<int>>(0);
        std::vector<edo::join_handle<void>> handles;
        const auto waits = [](task_tracker t, std::shared_ptr<std::atomic<int>> count) -> task<> {
            co_await t.wait();
            ++*count;
        };
        for (int i = 0; i < 10; ++i) { handles.push_back(edo::spawn(waits, tracker, released)); }
        for (int i = 0; i < 10; ++i) { co_await edo::yield_now(); }
        tracker.close();
        EXPECT_EQ(*released, 0);
        g->notify_one();
        for (auto& handle : handles) { co_await handle; }
        EXPECT_EQ(*released, 10);
    };
    rt().block_on(body());
}

TEST_P(task_tracker_rt, tasks_that_are_aborted_before_they_start) {
    auto body = [&]() -> task<> {
        const task_tracker tracker;
        std::vector<edo::join_handle<void>> handles;
        for (int i = 0; i < 100; ++i) {
            handles.push_back(tracker.spawn(&forever_with, counted(alive)));
            handles.back().abort();
        }
        tracker.close();
        co_await tracker.wait();
        EXPECT_EQ(alive, 0);
        for (auto& handle : handles) {
            const auto joined = co_await handle.join();
            EXPECT_TRUE(!joined && joined.error().is_cancelled());
        }
    };
    rt().block_on(body());
}

TEST_P(task_tracker_rt, tasks_that_are_aborted_while_they_wait) {
    auto body = [&]() -> task<> {
        const task_tracker tracker;
        auto started = make_gate();
        auto handle = tracker.spawn(
            [](gate s, counted) -> task<> {
                s->notify_one();
                co_await forever();
            },
            started, counted(alive));
        co_await started->notified();
        tracker.close();
        EXPECT_EQ(tracker.size(), 1U);
        handle.abort();
        handle.detach();
        co_await tracker.wait();
        EXPECT_EQ(alive, 0);
    };
    rt().block_on(body());
}

TEST_P(task_tracker_rt, an_exception_ends_the_tracking) {
    auto body = [&]() -> task<> {
        const task_tracker tracker;
        auto handle = tracker.spawn(
            [](counted) -> task<int> {
                co_await edo::yield_now();
                throw std::runtime_error("tracked");
            },
            counted(alive));
        tracker.close();
        co_await tracker.wait();
        EXPECT_EQ(alive, 0);
        const auto joined = co_await handle.join();
        EXPECT_TRUE(!joined && !joined.error().is_cancelled());
    };
    rt().block_on(body());
}

TEST_P(task_tracker_rt, a_result_that_nobody_takes_does_not_count) {
    auto body = [&]() -> task<> {
        const task_tracker tracker;
        auto handle =
            tracker.spawn([](counted c) -> task<counted> { co_return c; }, counted(alive));
        tracker.close();
        co_await tracker.wait();
        EXPECT_EQ(alive, 1);
        handle.detach();
        EXPECT_EQ(alive, 0);
    };
    rt().block_on(body());
}

TEST_P(task_tracker_rt, a_tracked_task_tracks_others) {
    auto body = []() -> task<> {
        const task_tracker tracker;
        auto ended = std::make_shared<std::atomic<int>>(0);
        tracker.spawn(
            [](task_tracker t, std::shared_ptr<std::atomic<int>> count) -> task<> {
                for (int i = 0; i < 10; ++i) {
                    co_await edo::yield_now();
                    t.spawn(
                        [](std::shared_ptr<std::atomic<int>> n) -> task<> {
                            co_await edo::yield_now();
                            ++*n;
                        },
                        count);
                }
            },
            tracker, ended);
        tracker.close();
        co_await tracker.wait();
        EXPECT_EQ(*ended, 10);
    };
    rt().block_on(body());
}

TEST_P(task_tracker_rt, what_tracked_tasks_did_is_seen) {
    auto body = []() -> task<> {
        for (int round = 0; round < 100; ++round) {
            const task_tracker tracker;
            auto notes = std::make_shared<std::vector<int>>(10, 0);  // not atomic
            for (std::size_t i = 0; i < 10; ++i) {
                tracker.spawn(
                    [](std::shared_ptr<std::vector<int>> n, std::size_t at) -> task<> {
                        (*n)[at] = 1;
                        co_return;
                    },
                    notes, i);
            }
            tracker.close();
            co_await tracker.wait();
            EXPECT_EQ(*notes, std::vector<int>(10, 1));
        }
    };
    rt().block_on(body());
}

TEST_P(task_tracker_rt, a_token_in_a_task_is_tracked_until_the_task_ends) {
    auto body = []() -> task<> {
        const task_tracker tracker;
        auto g = make_gate();
        auto handle =
            edo::spawn([](task_tracker_token, gate mine) -> task<> { co_await mine->notified(); },
                       tracker.token(), g);
        tracker.close();
        EXPECT_EQ(tracker.size(), 1U);
        g->notify_one();
        co_await tracker.wait();
        co_await handle;
    };
    rt().block_on(body());
}

TEST_P(task_tracker_rt, the_shutdown_of_the_runtime_ends_the_tracking) {
    const task_tracker tracker;
    auto started = make_gate();
    for (int i = 0; i < 10; ++i) {
        tracker.spawn_on(
            rt().handle(),
            [](gate s, counted) -> task<> {
                s->notify_one();
                co_await forever();
            },
            started, counted(alive));
    }
    auto body = [&]() -> task<> { co_await started->notified(); };
    rt().block_on(body());
    tracker.close();
    const auto handle = rt().handle();
    std::jthread waits([&] {
        auto own = edo::runtime::current_thread().build();
        auto wait = [&]() -> task<> { co_await tracker.wait(); };
        own.block_on(wait());
        EXPECT_EQ(alive, 0);
        own.block_on(wait());
    });
    stop();
    waits.join();
    EXPECT_TRUE(tracker.empty());
    try {
        auto refused = tracker.spawn_on(handle, &forever_with, counted(alive));
        EXPECT_TRUE(refused.is_finished());
    } catch (const std::exception& e) { EXPECT_STRNE(e.what(), ""); }
    EXPECT_TRUE(tracker.empty()) << "spawned after the end of the runtime";
    EXPECT_EQ(alive, 0);
}

TEST_P(task_tracker_rt, wait_on_a_local_set) {
    edo::local_set local;
    auto body = [&]() -> task<> {
        const task_tracker tracker;
        tracker.close();  // close_then_spawn
        for (int i = 0; i < 10; ++i) {
            tracker.spawn_local([](counted, edo::rc<int>) -> task<> { co_await edo::yield_now(); },
                                counted(alive), edo::make_rc<int>(i));
        }
        EXPECT_EQ(tracker.size(), 10U);
        co_await tracker.wait();
        EXPECT_EQ(alive, 0);
    };
    local.block_on(rt(), body);
}

TEST_P(task_tracker_rt, local_tasks_end_with_their_set) {
    const task_tracker tracker;
    {
        edo::local_set local;
        auto body = [&]() -> task<> {
            tracker.spawn_local(&forever_with, counted(alive));
            co_await edo::yield_now();
        };
        local.block_on(rt(), body);
        EXPECT_EQ(tracker.size(), 1U);
    }
    EXPECT_EQ(tracker.size(), 0U);
    EXPECT_EQ(alive, 0);
}

TEST(task_tracker_local, local_runtime_spawn_then_close_and_spawn_after_close) {
    edo::local_runtime rt;
    for (const bool close_first : {false, true}) {
        auto main = [close_first]() -> task<> {
            const task_tracker tracker;
            if (close_first) { tracker.close(); }
            auto ended = edo::make_rc<int>(0);
            for (int i = 0; i < 10; ++i) {
                tracker.spawn_local(
                    [](edo::rc<int> count) -> task<> {
                        co_await edo::yield_now();
                        ++*count;
                    },
                    ended);
            }
            if (!close_first) { tracker.close(); }
            co_await tracker.wait();
            EXPECT_EQ(*ended, 10);
        };
        rt.block_on(main);
    }
}

}  // namespace
