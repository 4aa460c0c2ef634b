// When waking a helper has turned out to be in vain, it is left out; nobody waits for ever for that.
#include "sched/thrift.hpp"

#include "support/runtime_fixture.hpp"

#include <edo/edo.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using edo::detail::thrift;
using counter = std::shared_ptr<std::atomic<int>>;

TEST(thrift, learns_from_four_helpers_in_a_row) {
    thrift t;
    for (int i = 0; i < 4; ++i) {
        EXPECT_FALSE(t.is_wake_in_vain(1));
        t.learn(1us);
    }
    EXPECT_TRUE(t.is_wake_in_vain(1));
    t.learn(0us);
    EXPECT_TRUE(t.is_wake_in_vain(1));
}

TEST(thrift, one_helper_that_was_needed_counts_more) {
    thrift t;
    for (int i = 0; i < 100; ++i) { t.learn(1us); }
    t.learn(1ms);
    EXPECT_FALSE(t.is_wake_in_vain(1));
    for (int i = 0; i < 3; ++i) { t.learn(1us); }
    EXPECT_FALSE(t.is_wake_in_vain(1));
}

TEST(thrift, many_tasks_are_a_reason_to_try_again) {
    thrift t;
    for (int i = 0; i < 4; ++i) { t.learn(1us); }
    EXPECT_TRUE(t.is_wake_in_vain(255));
    EXPECT_FALSE(t.is_wake_in_vain(256));
}

edo::task<> count_up(counter n) {
    ++*n;
    co_return;
}

/// Many short bursts, then tasks that its own turn waits for.
edo::task<> block_after_bursts() {
    auto n = std::make_shared<std::atomic<int>>(0);
    for (int burst = 0; burst < 2'000; ++burst) {
        std::vector<edo::join_handle<void>> tasks;
        for (int i = 0; i < 5; ++i) { tasks.push_back(edo::spawn(count_up, n)); }
        for (auto& each : tasks) { co_await each; }
    }
    const int before = *n;
    std::vector<edo::join_handle<void>> tasks;
    for (int i = 0; i < 5; ++i) { tasks.push_back(edo::spawn(count_up, n)); }
    while (*n != before + 5) { std::this_thread::yield(); }
    for (auto& each : tasks) { co_await each; }
}

TEST(thrift, a_turn_may_wait_for_what_it_spawned) {
    for (const std::size_t workers : {std::size_t{2}, std::size_t{4}}) {
        auto rt = edo::runtime::multi_thread().worker_threads(workers).build();
        for (int i = 0; i < 10; ++i) { rt.block_on(rt.spawn(block_after_bursts)); }
        rt.block_on(block_after_bursts());
    }
}

/// The same for what comes from outside while the only worker that is awake does not look.
TEST(thrift, a_turn_may_wait_for_what_comes_from_outside) {
    auto rt = edo::runtime::multi_thread().worker_threads(2).build();
    for (int i = 0; i < 10; ++i) {
        rt.block_on(rt.spawn(block_after_bursts));
        auto n = std::make_shared<std::atomic<int>>(0);
        auto turn = rt.spawn(
            [](counter waits_for) -> edo::task<> {
                while (*waits_for == 0) { std::this_thread::yield(); }
                co_return;
            },
            n);
        rt.spawn(count_up, n).detach();
        rt.block_on(turn);
    }
}

}  // namespace
