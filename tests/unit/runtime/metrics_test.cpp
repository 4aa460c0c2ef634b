// The counters of a runtime, and the poll hooks.
#include "support/runtime_fixture.hpp"

#include <edo/edo.hpp>
#include <edo/sync/notify.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <future>
#include <latch>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;

class rt_metrics : public edo::test::runtime_test {};
INSTANTIATE_TEST_SUITE_P(kinds, rt_metrics, edo::test::all_kinds, edo::test::kind_name);

class rt_metrics_threads : public edo::test::runtime_test {};
INSTANTIATE_TEST_SUITE_P(kinds, rt_metrics_threads, edo::test::multi_thread_kinds,
                         edo::test::kind_name);

class rt_poll_callbacks : public edo::test::runtime_test {};
INSTANTIATE_TEST_SUITE_P(kinds, rt_poll_callbacks, edo::test::all_kinds, edo::test::kind_name);

edo::task<int> give(int value) { co_return value; }

TEST_P(rt_metrics, num_workers) {
    EXPECT_EQ(rt().metrics().num_workers(), std::max(1U, GetParam().workers));
}

TEST_P(rt_metrics, num_alive_tasks) {
    const auto metrics = rt().metrics();
    EXPECT_EQ(metrics.num_alive_tasks(), 0U);
    auto inside = rt().spawn([]() -> edo::task<std::size_t> {
        co_return edo::runtime_handle::current().metrics().num_alive_tasks();
    });
    EXPECT_EQ(rt().block_on(inside), 1U);
    EXPECT_EQ(metrics.num_alive_tasks(), 0U) << "a joined task has ended";
    EXPECT_EQ(metrics.spawned_tasks_count(), 1U);
}

TEST_P(rt_metrics, worker_total_busy_duration) {
    const auto metrics = rt().metrics();
    auto body = []() -> edo::task<> {
        for (int i = 0; i < 20; ++i) {
            auto child = edo::spawn(give(i));
            co_await child;
        }
    };
    rt().block_on(body());
    stop();
    std::chrono::nanoseconds busy{0};
    for (std::size_t i = 0; i < metrics.num_workers(); ++i) {
        busy += metrics.worker_total_busy_duration(i);
    }
    EXPECT_GT(busy, 0ns);
}

// Which looks at no clock.
TEST(rt_metrics_of_one_thread, a_block_on_that_runs_only_its_future_is_not_counted) {
    auto rt = edo::runtime::current_thread().build();
    const auto metrics = rt.metrics();
    for (int i = 0; i < 20; ++i) { EXPECT_EQ(rt.block_on(give(i)), i); }
    EXPECT_EQ(metrics.worker_total_busy_duration(0), 0ns);
    rt.block_on(rt.spawn(give, 1));
    EXPECT_GT(metrics.worker_total_busy_duration(0), 0ns);
}

TEST_P(rt_metrics, worker_park_count) {
    const auto metrics = rt().metrics();
    auto body = []() -> edo::task<> { co_await edo::sleep_for(2ms); };
    rt().block_on(rt().spawn(body));
    stop();
    std::uint64_t parks = 0;
    for (std::size_t i = 0; i < metrics.num_workers(); ++i) {
        parks += metrics.worker_park_count(i);
        EXPECT_GE(metrics.worker_park_unpark_count(i), metrics.worker_park_count(i));
    }
    EXPECT_GE(parks, 1U);
}

// Odd while the worker sleeps.
TEST_P(rt_metrics, worker_park_unpark_count) {
    const auto metrics = rt().metrics();
    const std::size_t workers = metrics.num_workers();
    for (std::size_t i = 0; i < workers && !is_current_thread(); ++i) {
        while (metrics.worker_park_unpark_count(i) % 2 == 0) { std::this_thread::yield(); }
    }
    auto body = []() -> edo::task<> { co_await edo::sleep_for(1ms); };
    rt().block_on(rt().spawn(body));
    if (is_current_thread()) {
        EXPECT_GE(metrics.worker_park_unpark_count(0), 2U);
        EXPECT_EQ(metrics.worker_park_unpark_count(0) % 2, 0U) << "nobody is in block_on";
    }
    stop();
    std::uint64_t most = 0;
    for (std::size_t i = 0; i < workers; ++i) {
        const std::uint64_t count = metrics.worker_park_unpark_count(i);
        EXPECT_EQ(count % 2, 0U) << "worker " << i;
        EXPECT_GE(count, 2U) << "worker " << i;
        EXPECT_GE(metrics.worker_park_count(i), 1U) << "worker " << i;
        most = std::max(most, count);
    }
    EXPECT_GE(most, is_current_thread() ? 2U : 4U) << "one of them has run the task";
}

TEST_P(rt_metrics, remote_schedule_count) {
    edo::join_handle<int> handle;
    std::thread other([&, to = rt().handle()] { handle = to.spawn(give(1)); });
    other.join();
    EXPECT_EQ(rt().block_on(handle), 1);
    EXPECT_EQ(rt().metrics().remote_schedule_count(), 1U);
}

TEST_P(rt_metrics, every_turn_is_counted) {
    const auto metrics = rt().metrics();
    auto body = []() -> edo::task<> {
        for (int i = 0; i < 9; ++i) { co_await edo::yield_now(); }
    };
    rt().block_on(rt().spawn(body));
    stop();
    std::uint64_t polls = 0;
    for (std::size_t i = 0; i < metrics.num_workers(); ++i) {
        polls += metrics.worker_poll_count(i);
    }
    EXPECT_EQ(polls, 10U);
}

TEST_P(rt_metrics, spawn_remote) {
    const auto metrics = rt().metrics();
    edo::sync::notify wake;
    auto handle = rt().spawn(
        [](std::reference_wrapper<edo::sync::notify> n) -> edo::task<> {
            co_await n.get().notified();
        },
        edo::unchecked(std::ref(wake)));
    EXPECT_EQ(metrics.remote_schedule_count(), 1U) << "the spawn came from outside";
    auto suspended = [&]() -> edo::task<> {
        for (;;) {
            std::uint64_t polls = 0;
            for (std::size_t i = 0; i < metrics.num_workers(); ++i) {
                polls += metrics.worker_poll_count(i);
            }
            if (polls > 0) { co_return; }
            co_await edo::yield_now();
        }
    };
    rt().block_on(suspended());
    std::thread other([&] { wake.notify_one(); });
    rt().block_on(handle);
    other.join();
    EXPECT_LE(metrics.remote_schedule_count(), 2U);
}

TEST(rt_metrics_current_thread, global_queue_depth) {
    auto rt = edo::runtime::current_thread().build();
    for (int i = 0; i < 5; ++i) { rt.spawn(give(i)).detach(); }
    EXPECT_EQ(rt.metrics().global_queue_depth(), 5U);
    rt.block_on(rt.spawn(give(6)));
    EXPECT_EQ(rt.metrics().global_queue_depth(), 0U);
}

// One wake from outside; the task waits for it surely, since the same thread runs it.
TEST(rt_metrics_current_thread, spawn_remote) {
    auto rt = edo::runtime::current_thread().build();
    auto body = []() -> edo::task<> {
        auto wake = std::make_shared<edo::sync::notify>();
        auto waits = edo::spawn(
            [](std::shared_ptr<edo::sync::notify> n) -> edo::task<> { co_await n->notified(); },
            wake);
        co_await edo::yield_now();
        co_await edo::yield_now();
        EXPECT_EQ(edo::runtime_handle::current().metrics().remote_schedule_count(), 0U);
        std::thread other([&] { wake->notify_one(); });
        other.join();
        co_await waits;
    };
    rt.block_on(body());
    EXPECT_EQ(rt.metrics().remote_schedule_count(), 1U);
}

TEST(rt_metrics_current_thread, worker_local_queue_depth) {
    auto rt = edo::runtime::current_thread().build();
    auto body = []() -> edo::task<> {
        const auto metrics = edo::runtime_handle::current().metrics();
        for (int i = 0; i < 100; ++i) { edo::spawn(give(i)).detach(); }
        EXPECT_EQ(metrics.worker_local_queue_depth(0), 100U);
        while (metrics.num_alive_tasks() > 0) { co_await edo::yield_now(); }
        EXPECT_EQ(metrics.worker_local_queue_depth(0), 0U);
    };
    rt.block_on(body());
}

// The latest one lies in the slot, which does not count.
TEST(rt_metrics_threaded, worker_local_queue_depth) {
    auto rt = edo::runtime::multi_thread().worker_threads(1).build();
    auto handle = rt.spawn([]() -> edo::task<> {
        const auto metrics = edo::runtime_handle::current().metrics();
        for (int i = 0; i < 101; ++i) { edo::spawn(give(i)).detach(); }
        EXPECT_EQ(metrics.worker_local_queue_depth(0), 100U);
        while (metrics.num_alive_tasks() > 1) { co_await edo::yield_now(); }
        EXPECT_EQ(metrics.worker_local_queue_depth(0), 0U);
    });
    rt.block_on(handle);
}

// A place that its thread lends while it sleeps is awake from then on.
TEST_P(rt_metrics_threads, worker_park_unpark_count_of_lent_places) {
    auto body = [](bool is_only_one) -> edo::task<> {
        auto child = edo::spawn([]() -> edo::task<bool> {
            co_return edo::runtime_handle::current().metrics().worker_park_unpark_count(0) % 2 == 0;
        });
        const bool is_even = co_await child;
        EXPECT_TRUE(is_even || !is_only_one) << "the place that runs this task is awake";
    };
    for (int round = 0; round < 20; ++round) {
        auto made = edo::test::builder_of(GetParam());
        made.lend_thread(true);
        use(std::move(made));
        const auto metrics = rt().metrics();
        const std::size_t workers = metrics.num_workers();
        for (std::size_t i = 0; i < workers; ++i) {
            while (metrics.worker_park_unpark_count(i) % 2 == 0) { std::this_thread::yield(); }
        }
        rt().block_on(body(workers == 1));
        stop();
        for (std::size_t i = 0; i < workers; ++i) {
            EXPECT_EQ(metrics.worker_park_unpark_count(i) % 2, 0U) << "worker " << i;
        }
    }
}

TEST_P(rt_metrics_threads, global_queue_depth_multi_thread) {
    const unsigned workers = GetParam().workers;
    std::latch all_blocked(static_cast<std::ptrdiff_t>(workers));
    std::promise<void> gate;
    const std::shared_future<void> open(gate.get_future());
    for (unsigned i = 0; i < workers; ++i) {
        rt().spawn(
                [](std::reference_wrapper<std::latch> in,
                   std::shared_future<void> wait) -> edo::task<> {
                    in.get().count_down();
                    wait.wait();
                    co_return;
                },
                edo::unchecked(std::ref(all_blocked)), open)
            .detach();
    }
    all_blocked.wait();
    for (std::size_t i = 0; i < 10; ++i) {
        EXPECT_EQ(rt().metrics().global_queue_depth(), i);
        rt().spawn(give(1)).detach();
    }
    gate.set_value();
    rt().block_on(rt().spawn(give(2)));
    EXPECT_LT(rt().metrics().global_queue_depth(), 10U);
}

TEST(rt_metrics_threaded, a_full_ring_overflows_into_the_injection_queue) {
    auto rt = edo::runtime::multi_thread().worker_threads(1).build();
    const auto metrics = rt.metrics();
    auto handle = rt.spawn([]() -> edo::task<std::size_t> {
        const auto here = edo::runtime_handle::current().metrics();
        for (int i = 0; i < 300; ++i) { edo::spawn(give(i)).detach(); }
        EXPECT_GE(here.global_queue_depth(), 1U);
        EXPECT_GE(here.worker_local_queue_depth(0), 1U);
        co_return here.num_alive_tasks();
    });
    EXPECT_EQ(rt.block_on(handle), 301U);
    EXPECT_GE(metrics.worker_overflow_count(0), 1U);
}

TEST_P(rt_metrics, blocking_threads_are_counted) {
    auto made = edo::test::builder_of(GetParam());
    made.max_blocking_threads(1).thread_keep_alive(1h);
    use(std::move(made));
    const auto metrics = rt().metrics();
    EXPECT_EQ(metrics.num_blocking_threads(), 0U);
    std::latch started(1);
    std::promise<void> gate;
    auto runs = rt().spawn_blocking(
        [](std::reference_wrapper<std::latch> in, std::future<void> open) {
            in.get().count_down();
            open.wait();
        },
        edo::unchecked(std::ref(started)), gate.get_future());
    auto queued = rt().spawn_blocking([] {});
    started.wait();
    EXPECT_EQ(metrics.num_blocking_threads(), 1U);
    EXPECT_EQ(metrics.num_idle_blocking_threads(), 0U);
    EXPECT_EQ(metrics.blocking_queue_depth(), 1U);
    gate.set_value();
    rt().block_on(queued);
    EXPECT_EQ(metrics.blocking_queue_depth(), 0U);
    while (metrics.num_idle_blocking_threads() != 1) { std::this_thread::yield(); }
    stop();
    EXPECT_EQ(metrics.num_blocking_threads(), 0U);
    EXPECT_EQ(metrics.num_idle_blocking_threads(), 0U);
}

TEST_P(rt_metrics, a_worker_that_does_not_exist_throws) {
    const auto metrics = rt().metrics();
    const std::size_t none = metrics.num_workers();
    EXPECT_THROW(static_cast<void>(metrics.worker_park_count(none)), std::out_of_range);
    EXPECT_THROW(static_cast<void>(metrics.worker_local_queue_depth(none)), std::out_of_range);
}

TEST_P(rt_poll_callbacks, callbacks_fire) {
    struct calls {
        std::mutex lock;
        std::vector<edo::task_id> before;
        std::vector<edo::task_id> after;
    };
    auto seen = std::make_shared<calls>();
    auto made = edo::test::builder_of(GetParam());
    made.on_before_poll([seen](const edo::task_meta& meta) {
            const std::lock_guard guard(seen->lock);
            seen->before.push_back(meta.id);
        })
        .on_after_poll([seen](const edo::task_meta& meta) {
            const std::lock_guard guard(seen->lock);
            seen->after.push_back(meta.id);
        });
    use(std::move(made));
    auto handle = rt().spawn([]() -> edo::task<> {
        for (int i = 0; i < 3; ++i) { co_await edo::yield_now(); }
    });
    rt().block_on(handle);
    stop();
    EXPECT_EQ(seen->before, std::vector<edo::task_id>(4, handle.id()));
    EXPECT_EQ(seen->after, seen->before);
}

}  // namespace
