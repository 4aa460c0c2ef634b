// The end of a runtime races with spawns, wakes, aborts and joins from other threads.
#include "support/runtime_fixture.hpp"

#include <edo/edo.hpp>
#include <edo/sync/notify.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <latch>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using edo::sync::notify;
using edo::test::counted;

constexpr int wanted = 100;
constexpr int most_rounds = 5'000;

class shutdown_stress : public edo::test::runtime_test {};
INSTANTIATE_TEST_SUITE_P(kinds, shutdown_stress, edo::test::all_kinds, edo::test::kind_name);

/// Waits until a thread of its own says "now", for a fresh race in each round.
class starting_gun {
public:
    void fire() { fired_ = true; }
    void wait() const {
        while (!fired_) {}
    }

private:
    std::atomic<bool> fired_{false};
};

TEST_P(shutdown_stress, spawns_from_a_thread_run_or_are_cancelled) {
    std::atomic<int> alive{0};
    int ran = 0;
    int cancelled = 0;
    int rounds = 0;
    const bool can_run = !is_current_thread();
    for (; rounds < most_rounds && ((can_run && ran < wanted) || cancelled < wanted); ++rounds) {
        auto own = std::make_unique<edo::runtime>(edo::test::builder_of(GetParam()).build());
        const auto handle = own->handle();
        std::vector<edo::join_handle<void>> handles;
        std::latch begun(1);
        std::thread spawner([&] {
            for (int i = 0; i < 40; ++i) {
                handles.push_back(
                    handle.spawn([](counted) -> edo::task<> { co_return; }, counted(alive)));
                if (i == 5) { begun.count_down(); }
            }
        });
        begun.wait();
        own.reset();
        spawner.join();
        ASSERT_EQ(alive, 0);
        for (auto& each : handles) {
            ASSERT_TRUE(each.is_finished()) << "the runtime is gone";
            auto result = handle.block_on(each.join());
            result ? ++ran : ++cancelled;
        }
    }
    EXPECT_TRUE(!can_run || ran >= wanted) << rounds << " rounds";
    EXPECT_GE(cancelled, wanted) << rounds << " rounds";
}

TEST_P(shutdown_stress, shutdown_concurrent_spawn) {
    std::atomic<int> alive{0};
    std::atomic<int> woken{0};
    constexpr int tasks = 100;
    for (int round = 0; round < wanted; ++round) {
        auto own = std::make_unique<edo::runtime>(edo::test::builder_of(GetParam()).build());
        auto gates = std::make_shared<std::vector<notify>>(tasks);
        for (std::size_t i = 0; i < tasks; ++i) {
            own->spawn([](std::shared_ptr<std::vector<notify>> all, std::size_t at,
                          counted) -> edo::task<> { co_await (*all)[at].notified(); },
                       gates, i, counted(alive))
                .detach();
        }
        auto turns = []() -> edo::task<> {
            for (int i = 0; i < 3; ++i) { co_await edo::yield_now(); }
        };
        own->block_on(turns());
        starting_gun gun;
        std::thread waker([&] {
            gun.wait();
            for (auto& gate : *gates) {
                gate.notify_one();
                ++woken;
            }
        });
        gun.fire();
        own.reset();
        EXPECT_EQ(alive, 0);
        waker.join();
    }
    EXPECT_EQ(woken, wanted * tasks);
}

TEST_P(shutdown_stress, aborts_and_joins_race_with_the_end) {
    std::atomic<int> alive{0};
    auto joiner_runtime = edo::runtime::multi_thread().worker_threads(1).build();
    for (int round = 0; round < wanted; ++round) {
        auto own = std::make_unique<edo::runtime>(edo::test::builder_of(GetParam()).build());
        std::vector<edo::abort_handle> aborts;
        std::vector<edo::join_handle<void>> joins;
        for (int i = 0; i < 20; ++i) {
            auto handle = own->spawn([](counted) -> edo::task<> { co_await edo::sleep_for(1h); },
                                     counted(alive));
            aborts.push_back(handle.abort_handle());
            joins.push_back(joiner_runtime.spawn(
                [](edo::join_handle<void> h) -> edo::task<> {
                    auto result = co_await h.join();
                    EXPECT_FALSE(result.has_value());
                },
                std::move(handle)));
        }
        starting_gun gun;
        std::thread aborter([&] {
            gun.wait();
            for (auto& each : aborts) { each.abort(); }
        });
        gun.fire();
        own.reset();
        EXPECT_EQ(alive, 0);
        aborter.join();
        for (auto& each : joins) { joiner_runtime.block_on(each); }
    }
}

TEST_P(shutdown_stress, shutdown_background_races_with_everything) {
    for (int round = 0; round < wanted; ++round) {
        auto own = edo::test::builder_of(GetParam()).build();
        const auto handle = own.handle();
        for (int i = 0; i < 20; ++i) {
            own.spawn([]() -> edo::task<> {
                   for (;;) { co_await edo::yield_now(); }
               })
                .detach();
        }
        auto closure = own.spawn_blocking([] {});
        own.shutdown_background();
        auto result = handle.block_on(closure.join());
        EXPECT_TRUE(result.has_value() || result.error().is_cancelled());
        while (!is_current_thread() && handle.metrics().num_alive_tasks() > 0) {
            std::this_thread::yield();
        }
    }
}

}  // namespace
