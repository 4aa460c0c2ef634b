// Sleeping and waking: no wake-up is lost. A lost one hangs a ping-pong for ever.
#include "support/runtime_fixture.hpp"

#include <edo/edo.hpp>
#include <edo/sync/notify.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <semaphore>
#include <thread>
#include <utility>
#include <vector>

namespace {

using edo::sync::notify;

constexpr int rounds = EDO_TSAN || EDO_ASAN ? 3'000 : 30'000;
constexpr std::uint64_t wanted = 100;

class park_stress : public edo::test::runtime_test {
protected:
    /// How often workers slept.
    std::uint64_t parks() {
        const auto metrics = rt().metrics();
        std::uint64_t sum = 0;
        for (std::size_t i = 0; i < metrics.num_workers(); ++i) {
            sum += metrics.worker_park_count(i);
        }
        return sum;
    }
};
INSTANTIATE_TEST_SUITE_P(kinds, park_stress, edo::test::all_kinds, edo::test::kind_name);

// A plain thread and a task: the worker sleeps between two rounds, or is just about to.
TEST_P(park_stress, ping_pong_between_a_plain_thread_and_a_task) {
    auto ping = std::make_shared<notify>();
    auto pong = std::make_shared<std::binary_semaphore>(0);
    auto task = rt().spawn(
        [](std::shared_ptr<notify> in, std::shared_ptr<std::binary_semaphore> out) -> edo::task<> {
            for (int i = 0; i < rounds; ++i) {
                co_await in->notified();
                out->release();
            }
        },
        ping, pong);
    std::thread player([&] {
        for (int i = 0; i < rounds; ++i) {
            ping->notify_one();
            pong->acquire();
        }
    });
    rt().block_on(task);
    player.join();
    EXPECT_GE(parks(), wanted) << "the workers slept";
}

TEST_P(park_stress, ping_pong_between_block_on_and_a_task) {
    notify ping;
    notify pong;
    auto task = rt().spawn(
        [](std::reference_wrapper<notify> in, std::reference_wrapper<notify> out) -> edo::task<> {
            for (int i = 0; i < rounds; ++i) {
                co_await in.get().notified();
                out.get().notify_one();
            }
        },
        edo::unchecked(std::ref(ping)), edo::unchecked(std::ref(pong)));
    auto body = [&]() -> edo::task<> {
        for (int i = 0; i < rounds; ++i) {
            ping.notify_one();
            co_await pong.notified();
        }
        co_await task;
    };
    rt().block_on(body());
}

TEST_P(park_stress, spawns_from_plain_threads_always_wake_somebody) {
    constexpr int players = 3;
    edo::runtime& shared = rt();
    std::atomic<int> left{players};
    std::vector<std::thread> threads;
    for (int p = 0; p < players; ++p) {
        threads.emplace_back([&] {
            std::binary_semaphore ran(0);
            for (int i = 0; i < rounds / players; ++i) {
                shared
                    .spawn(
                        [](std::reference_wrapper<std::binary_semaphore> done) -> edo::task<> {
                            done.get().release();
                            co_return;
                        },
                        edo::unchecked(std::ref(ran)))
                    .detach();
                ran.acquire();
            }
            --left;
        });
    }
    auto body = [&]() -> edo::task<> {  // drives a current-thread runtime
        while (left > 0) { co_await edo::sleep_for(std::chrono::milliseconds(1)); }
        while (edo::runtime_handle::current().metrics().num_alive_tasks() > 0) {
            co_await edo::yield_now();
        }
    };
    shared.block_on(body());
    for (auto& thread : threads) { thread.join(); }
}

// Chains of tasks that wake the next one: each link may find its worker asleep.
TEST_P(park_stress, a_ring_of_tasks_passes_one_token) {
    constexpr int tasks = 8;
    constexpr int laps = rounds / tasks;
    auto seats = std::make_shared<std::vector<notify>>(tasks);
    std::vector<edo::join_handle<void>> handles;
    for (int i = 0; i < tasks; ++i) {
        handles.push_back(rt().spawn(
            [](std::shared_ptr<std::vector<notify>> all, std::size_t at) -> edo::task<> {
                for (int lap = 0; lap < laps; ++lap) {
                    co_await (*all)[at].notified();
                    (*all)[(at + 1) % all->size()].notify_one();
                }
            },
            seats, static_cast<std::size_t>(i)));
    }
    seats->front().notify_one();
    for (auto& handle : handles) { rt().block_on(handle); }
}

}  // namespace
