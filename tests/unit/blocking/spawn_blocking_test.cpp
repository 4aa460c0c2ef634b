// spawn_blocking: the pool grows, queues, shrinks, and reports.
#include "support/runtime_fixture.hpp"

#include <edo/base/detail/thread.hpp>
#include <edo/edo.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <latch>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using counter = std::atomic<int>;
using edo::test::counted;
using latch_ref = std::reference_wrapper<std::latch>;

class spawn_blocking : public edo::test::runtime_test {
protected:
    /// A runtime whose pool has at most n threads.
    edo::runtime& pool_of(std::size_t n, std::chrono::nanoseconds keep_alive = 1h) {
        auto made = edo::test::builder_of(GetParam());
        made.max_blocking_threads(n).thread_keep_alive(keep_alive);
        return use(std::move(made));
    }
};
INSTANTIATE_TEST_SUITE_P(kinds, spawn_blocking, edo::test::all_kinds, edo::test::kind_name);

/// A closure that stays in the pool until the gate opens.
class occupied {
public:
    explicit occupied(edo::runtime& rt) {
        handle_ = rt.spawn_blocking(
            [](latch_ref in, std::future<void> open) {
                in.get().count_down();
                open.wait();
            },
            edo::unchecked(std::ref(started_)), gate_.get_future());
        started_.wait();
    }
    void open() { gate_.set_value(); }
    edo::join_handle<void>& handle() { return handle_; }

private:
    std::latch started_{1};
    std::promise<void> gate_;
    edo::join_handle<void> handle_;
};

TEST_P(spawn_blocking, basic_blocking) {
    for (int i = 0; i < 100; ++i) {
        auto handle = rt().spawn([]() -> edo::task<std::string> {
            auto closure = edo::spawn_blocking([](int n) { return std::to_string(n); }, 42);
            co_return co_await closure;
        });
        EXPECT_EQ(rt().block_on(handle), "42");
    }
}

TEST_P(spawn_blocking, an_exception_arrives_at_the_handle) {
    auto closure = rt().spawn_blocking([]() -> int { throw std::out_of_range("far"); });
    auto result = rt().block_on(closure.join());
    ASSERT_FALSE(result);
    EXPECT_TRUE(result.error().is_exception());
    EXPECT_NE(std::string(result.error().what()).find("threw std::out_of_range: far"),
              std::string::npos);
    EXPECT_THROW(result.error().rethrow(), std::out_of_range);
    EXPECT_EQ(rt().block_on(rt().spawn_blocking([] { return 1; })), 1) << "the thread goes on";
}

TEST_P(spawn_blocking, moves_arguments_and_results) {
    auto closure = rt().spawn_blocking(
        [](std::unique_ptr<int> p) {
            ++*p;
            return p;
        },
        std::make_unique<int>(4));
    EXPECT_EQ(*rt().block_on(closure), 5);
}

TEST_P(spawn_blocking, a_closure_runs_on_a_thread_of_the_pool_and_has_an_id) {
    auto closure = rt().spawn_blocking(
        [] { return std::pair(std::this_thread::get_id(), edo::this_task::id()); });
    const auto id = closure.id();
    const auto seen = rt().block_on(closure);
    EXPECT_NE(seen.first, std::this_thread::get_id());
    EXPECT_EQ(seen.second, id);
}

TEST_P(spawn_blocking, grows_on_demand_up_to_the_limit) {
    constexpr int limit = 4;
    pool_of(limit);
    std::latch together(limit);
    std::vector<edo::join_handle<void>> handles;
    for (int i = 0; i < limit; ++i) {
        handles.push_back(rt().spawn_blocking([](latch_ref all) { all.get().arrive_and_wait(); },
                                              edo::unchecked(std::ref(together))));
    }
    for (auto& handle : handles) { rt().block_on(handle); }
    EXPECT_EQ(rt().metrics().num_blocking_threads(), 4U);
}

TEST_P(spawn_blocking, an_idle_thread_is_used_again) {
    pool_of(8);
    for (int i = 0; i < 20; ++i) {
        rt().block_on(rt().spawn_blocking([] {}));
        while (rt().metrics().num_idle_blocking_threads() == 0) { std::this_thread::yield(); }
    }
    EXPECT_EQ(rt().metrics().num_blocking_threads(), 1U);
}

TEST_P(spawn_blocking, queues_first_in_first_out_when_full) {
    pool_of(1);
    occupied thread(rt());
    auto order = std::make_shared<std::vector<int>>();  // one thread writes it
    std::vector<edo::join_handle<void>> handles;
    for (int i = 0; i < 50; ++i) {
        handles.push_back(rt().spawn_blocking(
            [](std::shared_ptr<std::vector<int>> seen, int n) { seen->push_back(n); }, order, i));
    }
    EXPECT_EQ(rt().metrics().blocking_queue_depth(), 50U);
    thread.open();
    for (auto& handle : handles) { rt().block_on(handle); }
    ASSERT_EQ(order->size(), 50U);
    for (int i = 0; i < 50; ++i) { EXPECT_EQ((*order)[static_cast<std::size_t>(i)], i); }
}

TEST_P(spawn_blocking, idle_threads_leave) {
    pool_of(4, 1ms);
    std::latch together(4);
    std::vector<edo::join_handle<void>> handles;
    for (int i = 0; i < 4; ++i) {
        handles.push_back(rt().spawn_blocking([](latch_ref all) { all.get().arrive_and_wait(); },
                                              edo::unchecked(std::ref(together))));
    }
    for (auto& handle : handles) { rt().block_on(handle); }
    while (rt().metrics().num_blocking_threads() > 0) { std::this_thread::yield(); }
    EXPECT_EQ(rt().block_on(rt().spawn_blocking([] { return 1; })), 1) << "the pool grows again";
}

TEST_P(spawn_blocking, without_keep_alive_threads_leave_at_once) {
    pool_of(4, 0ns);
    for (int i = 0; i < 10; ++i) {
        EXPECT_EQ(rt().block_on(rt().spawn_blocking([] { return 1; })), 1);
    }
    while (rt().metrics().num_blocking_threads() > 0) { std::this_thread::yield(); }
}

TEST_P(spawn_blocking, an_abort_before_the_start_destroys_the_arguments) {
    pool_of(1);
    counter alive{0};
    occupied thread(rt());
    auto queued =
        rt().spawn_blocking([](counted) { ADD_FAILURE() << "it was aborted"; }, counted(alive));
    EXPECT_EQ(alive, 1);
    queued.abort();
    thread.open();
    auto result = rt().block_on(queued.join());
    ASSERT_FALSE(result);
    EXPECT_TRUE(result.error().is_cancelled());
    EXPECT_EQ(alive, 0);
}

TEST_P(spawn_blocking, an_abort_of_a_running_closure_does_nothing) {
    std::latch started(1);
    std::promise<void> gate;
    auto runs = rt().spawn_blocking(
        [](latch_ref in, std::future<void> open) {
            in.get().count_down();
            open.wait();
            return 3;
        },
        edo::unchecked(std::ref(started)), gate.get_future());
    started.wait();
    runs.abort();
    EXPECT_FALSE(runs.is_finished());
    gate.set_value();
    EXPECT_EQ(rt().block_on(runs), 3);
}

TEST_P(spawn_blocking, a_dropped_handle_lets_the_closure_go_on) {
    std::promise<int> result;
    auto future = result.get_future();
    rt().spawn_blocking([](std::promise<int> p) { p.set_value(6); }, std::move(result)).detach();
    EXPECT_EQ(future.get(), 6);
}

TEST_P(spawn_blocking, a_thread_that_cannot_start_is_an_error_if_there_is_no_other) {
    edo::runtime& shared = rt();
    counter alive{0};
    edo::detail::fail_thread_creation_after(0);
    const auto spawn = [&] { shared.spawn_blocking([](counted) {}, counted(alive)).detach(); };
    EXPECT_THROW(spawn(), std::system_error);
    edo::detail::fail_thread_creation_after(-1);
    EXPECT_EQ(alive, 0);
    EXPECT_EQ(shared.metrics().num_alive_tasks(), 0U);
    EXPECT_EQ(shared.block_on(shared.spawn_blocking([] { return 1; })), 1);
}

TEST_P(spawn_blocking, a_thread_that_cannot_start_makes_the_closure_wait_for_another) {
    edo::runtime& shared = rt();
    occupied thread(shared);
    edo::detail::fail_thread_creation_after(0);
    auto queued = shared.spawn_blocking([] { return 2; });
    edo::detail::fail_thread_creation_after(-1);
    EXPECT_EQ(shared.metrics().blocking_queue_depth(), 1U);
    thread.open();
    EXPECT_EQ(shared.block_on(queued), 2);
}

TEST_P(spawn_blocking, issue_8056_regression_test) {
    constexpr int runtimes = EDO_TSAN || EDO_ASAN ? 20 : 100;
    for (int round = 0; round < runtimes; ++round) {
        auto made = edo::test::builder_of(GetParam());
        auto own = made.build();
        std::promise<void> gate;
        std::shared_future<void> open(gate.get_future());
        std::vector<edo::join_handle<void>> longs;
        std::vector<edo::join_handle<void>> shorts;
        for (int i = 0; i < 4; ++i) {
            shorts.push_back(own.spawn_blocking([] {}));
            longs.push_back(own.spawn_blocking([](std::shared_future<void> f) { f.wait(); }, open));
        }
        for (auto& each : shorts) { own.block_on(each); }  // none is stranded behind a long one
        gate.set_value();
        for (auto& each : longs) { own.block_on(each); }
    }
}

TEST(spawn_blocking_paused, blocking_when_paused) {
    auto rt = edo::runtime::current_thread().start_paused(true).build();
    std::promise<void> gate;
    auto body = [&]() -> edo::task<> {
        auto closure =
            edo::spawn_blocking([](std::future<void> open) { open.wait(); }, gate.get_future());
        auto opener =
            edo::spawn_blocking([](std::promise<void> p) { p.set_value(); }, std::move(gate));
        auto both = edo::timeout(1ms, std::move(closure));
        auto result = co_await std::move(both);
        EXPECT_TRUE(result.has_value()) << "the clock does not jump while a closure runs";
        co_await opener;
    };
    rt.block_on(body());
}

TEST(spawn_blocking_paused, blocking_task_wakes_paused_runtime) {
    auto rt = edo::runtime::current_thread().start_paused(true).build();
    auto body = []() -> edo::task<> {
        const auto start = edo::clock::now();
        auto closure = edo::spawn_blocking([] { return 4; });
        auto result = co_await edo::timeout(15h, std::move(closure));
        EXPECT_TRUE(result && *result == 4);
        EXPECT_EQ(edo::clock::now(), start);
    };
    rt.block_on(body());
}

TEST(spawn_blocking_paused, panicking_blocking_task_wakes_paused_runtime) {
    auto rt = edo::runtime::current_thread().start_paused(true).build();
    auto body = []() -> edo::task<> {
        const auto start = edo::clock::now();
        auto closure = edo::spawn_blocking([] { throw std::runtime_error("boom"); });
        auto result = co_await edo::timeout(15h, closure.join());
        EXPECT_TRUE(result && !*result && result->error().is_exception());
        EXPECT_EQ(edo::clock::now(), start);
        co_await edo::sleep_for(15h);  // and the clock jumps again
        EXPECT_EQ(edo::clock::now(), start + 15h);
    };
    rt.block_on(body());
}

TEST(spawn_blocking_paused, unawaited_blocking_task_wakes_paused_runtime) {
    auto rt = edo::runtime::current_thread().start_paused(true).build();
    auto body = []() -> edo::task<> {
        auto closure = edo::spawn_blocking([] {});
        co_await edo::sleep_for(15h);  // jumps as soon as the closure has ended
        EXPECT_TRUE(closure.is_finished());
    };
    rt.block_on(body());
}

TEST(spawn_blocking_paused, a_cancelled_closure_lets_the_clock_jump_again) {
    auto rt = edo::runtime::current_thread().start_paused(true).max_blocking_threads(1).build();
    occupied thread(rt);
    auto queued = rt.spawn_blocking([] {});
    queued.abort();
    thread.open();
    auto body = []() -> edo::task<> { co_await edo::sleep_for(15h); };
    rt.block_on(body());
}

}  // namespace
