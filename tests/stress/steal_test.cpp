// Tasks that are stolen: from the ring, from the slot, and while others spawn, wake and abort them.
#include "support/runtime_fixture.hpp"

#include <edo/edo.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

namespace {

using counter = std::atomic<int>;

constexpr std::uint64_t wanted = 100;
constexpr int most_rounds = 20'000;

class steal_stress : public edo::test::leak_check {};

edo::task<> raise(std::shared_ptr<counter> n) {
    ++*n;
    co_return;
}

std::uint64_t steals(const edo::runtime& rt) {
    const auto metrics = rt.metrics();
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < metrics.num_workers(); ++i) {
        sum += metrics.worker_steal_operations(i);
    }
    return sum;
}

TEST_F(steal_stress, every_task_runs_exactly_once_whoever_runs_it) {
    auto rt = edo::runtime::multi_thread().worker_threads(4).build();
    watch(rt);
    int rounds = 0;
    int moved = 0;
    for (; rounds < most_rounds && (steals(rt) < wanted || moved < static_cast<int>(wanted));
         ++rounds) {
        auto parent = rt.spawn([]() -> edo::task<int> {
            constexpr std::size_t tasks = 300;
            auto ran = std::make_shared<std::vector<counter>>(tasks);
            auto done = std::make_shared<counter>(0);
            auto elsewhere = std::make_shared<counter>(0);
            for (std::size_t i = 0; i < tasks; ++i) {
                edo::spawn(
                    [](std::shared_ptr<std::vector<counter>> runs, std::shared_ptr<counter> n,
                       std::shared_ptr<counter> other, std::size_t at) -> edo::task<> {
                        const auto here = std::this_thread::get_id();
                        co_await edo::yield_now();
                        if (here != std::this_thread::get_id()) { ++*other; }
                        ++(*runs)[at];
                        ++*n;
                    },
                    ran, done, elsewhere, i)
                    .detach();
            }
            while (*done < static_cast<int>(tasks)) { co_await edo::yield_now(); }
            for (const counter& each : *ran) { EXPECT_EQ(each, 1); }
            co_return elsewhere->load();
        });
        moved += rt.block_on(parent);
    }
    EXPECT_GE(steals(rt), wanted) << rounds << " rounds";
    EXPECT_GE(moved, static_cast<int>(wanted)) << "tasks that changed threads while they yielded";
}

// Only the guard can get at the child: its spawner keeps the worker.
TEST_F(steal_stress, the_slot_of_a_spinning_spawner_is_taken_over) {
    auto rt = edo::runtime::multi_thread().worker_threads(2).build();
    watch(rt);
    for (int i = 0; i < 200; ++i) {
        auto spinner = rt.spawn([]() -> edo::task<> {
            auto ran = std::make_shared<counter>(0);
            edo::spawn(raise, ran).detach();
            while (*ran == 0) { std::this_thread::yield(); }
            co_return;
        });
        rt.block_on(spinner);
    }
}

TEST_F(steal_stress, aborts_race_with_steals) {
    auto rt = edo::runtime::multi_thread().worker_threads(4).build();
    watch(rt);
    counter alive{0};
    int finished = 0;
    int cancelled = 0;
    int rounds = 0;
    for (; rounds < most_rounds &&
           (finished < static_cast<int>(wanted) || cancelled < static_cast<int>(wanted));
         ++rounds) {
        std::vector<edo::join_handle<void>> handles;
        for (int i = 0; i < 20; ++i) {
            handles.push_back(rt.spawn(
                [](edo::test::counted) -> edo::task<> {
                    for (int n = 0; n < 5; ++n) { co_await edo::yield_now(); }
                },
                edo::test::counted(alive)));
        }
        for (std::size_t i = 0; i < handles.size(); i += 2) { handles[i].abort(); }
        for (auto& handle : handles) {
            auto result = rt.block_on(handle.join());
            if (result) {
                ++finished;
            } else {
                EXPECT_TRUE(result.error().is_cancelled());
                ++cancelled;
            }
        }
        ASSERT_EQ(alive, 0);
    }
    EXPECT_GE(finished, static_cast<int>(wanted));
    EXPECT_GE(cancelled, static_cast<int>(wanted));
}

}  // namespace
