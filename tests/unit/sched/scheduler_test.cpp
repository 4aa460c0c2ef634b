// The work-stealing scheduler: who runs what, where, and what it survives.
#include "support/runtime_fixture.hpp"

#include <edo/edo.hpp>
#include <edo/sync/notify.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <latch>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using counter = std::atomic<int>;
using edo::sync::notify;

class scheduler : public edo::test::leak_check {
protected:
    edo::runtime& two_workers() { return workers(2); }
    edo::runtime& workers(unsigned n) {
        rt_.emplace(edo::runtime::multi_thread().worker_threads(n).build());
        watch(*rt_);
        return *rt_;
    }
    void TearDown() override {
        rt_.reset();
        leak_check::TearDown();
    }

private:
    std::optional<edo::runtime> rt_;
};

edo::task<> raise(std::shared_ptr<counter> n) {
    ++*n;
    co_return;
}

// The child lies in the slot of a worker that never looks there again.
TEST_F(scheduler, a_spawner_that_spins_until_its_child_ran_ends) {
    auto& rt = two_workers();
    auto spinner = rt.spawn([]() -> edo::task<int> {
        for (int round = 0; round < 10; ++round) {
            auto ran = std::make_shared<counter>(0);
            edo::spawn(raise, ran).detach();
            while (*ran == 0) { std::this_thread::yield(); }
        }
        co_return 10;
    });
    EXPECT_EQ(rt.block_on(spinner), 10);
}

TEST_F(scheduler, a_worker_that_blocks_on_what_it_woke_ends) {
    auto& rt = two_workers();
    auto spinner = rt.spawn([]() -> edo::task<> {
        auto wake = std::make_shared<notify>();
        auto ran = std::make_shared<counter>(0);
        auto waiting = edo::spawn(
            [](std::shared_ptr<notify> n, std::shared_ptr<counter> done) -> edo::task<> {
                co_await n->notified();
                ++*done;
            },
            wake, ran);
        for (int i = 0; i < 3; ++i) { co_await edo::yield_now(); }
        wake->notify_one();
        while (*ran == 0) { std::this_thread::yield(); }
        co_await waiting;
    });
    rt.block_on(spinner);
}

TEST_F(scheduler, a_timer_of_a_busy_worker_fires_on_an_idle_one) {
    auto& rt = two_workers();
    auto spinner = rt.spawn([]() -> edo::task<> {
        auto fired = std::make_shared<counter>(0);
        auto sleeper = edo::spawn(
            [](std::shared_ptr<counter> n) -> edo::task<> {
                co_await edo::sleep_for(2ms);
                ++*n;
            },
            fired);
        co_await edo::yield_now();
        co_await edo::yield_now();  // it sleeps now, in the timers of this worker
        while (*fired == 0) { std::this_thread::yield(); }
        co_await sleeper;
    });
    rt.block_on(spinner);
}

TEST_F(scheduler, the_ring_of_a_busy_worker_is_stolen) {
    auto& rt = two_workers();
    auto spinner = rt.spawn([]() -> edo::task<> {
        constexpr int tasks = 100;
        auto ran = std::make_shared<counter>(0);
        for (int i = 0; i < tasks; ++i) { edo::spawn(raise, ran).detach(); }
        while (*ran < tasks) { std::this_thread::yield(); }
        co_return;
    });
    rt.block_on(spinner);
    std::uint64_t steals = 0;
    for (std::size_t i = 0; i < 2; ++i) { steals += rt.metrics().worker_steal_operations(i); }
    EXPECT_GE(steals, 1U);
}

TEST_F(scheduler, all_workers_take_part) {
    constexpr int n = 4;
    auto& rt = workers(n);
    auto together = std::make_shared<std::latch>(n);
    std::vector<edo::join_handle<std::thread::id>> handles;
    for (int i = 0; i < n; ++i) {
        handles.push_back(rt.spawn(
            [](std::shared_ptr<std::latch> all) -> edo::task<std::thread::id> {
                all->arrive_and_wait();  // only four threads get past it
                co_return std::this_thread::get_id();
            },
            together));
    }
    std::set<std::thread::id> threads;
    for (auto& handle : handles) { threads.insert(rt.block_on(handle)); }
    EXPECT_EQ(threads.size(), 4U);
}

TEST_F(scheduler, spawns_from_one_task_reach_all_workers) {
    constexpr int n = 4;
    auto& rt = workers(n);
    auto parent = rt.spawn([]() -> edo::task<std::size_t> {
        auto together = std::make_shared<std::latch>(n - 1);
        std::vector<edo::join_handle<std::thread::id>> handles;
        for (int i = 0; i < n - 1; ++i) {
            handles.push_back(edo::spawn(
                [](std::shared_ptr<std::latch> all) -> edo::task<std::thread::id> {
                    all->arrive_and_wait();
                    co_return std::this_thread::get_id();
                },
                together));
        }
        together->wait();  // this worker runs none of them
        std::set<std::thread::id> threads{std::this_thread::get_id()};
        for (auto& handle : handles) { threads.insert(co_await handle); }
        co_return threads.size();
    });
    EXPECT_EQ(rt.block_on(parent), 4U);
}

TEST_F(scheduler, more_tasks_than_the_ring_holds_all_run) {
    auto& rt = workers(1);
    auto parent = rt.spawn([]() -> edo::task<int> {
        constexpr int tasks = 2000;
        auto ran = std::make_shared<counter>(0);
        for (int i = 0; i < tasks; ++i) { edo::spawn(raise, ran).detach(); }
        while (*ran < tasks) { co_await edo::yield_now(); }
        co_return ran->load();
    });
    EXPECT_EQ(rt.block_on(parent), 2000);
}

TEST_F(scheduler, a_task_that_throws_harms_no_other) {
    auto& rt = two_workers();
    auto parent = rt.spawn([]() -> edo::task<int> {
        int thrown = 0;
        for (int i = 0; i < 50; ++i) {
            auto child = edo::spawn([]() -> edo::task<> {
                co_await edo::yield_now();
                throw std::runtime_error("boom");
            });
            auto result = co_await child.join();
            if (!result && result.error().is_exception()) { ++thrown; }
        }
        co_return thrown;
    });
    EXPECT_EQ(rt.block_on(parent), 50);
}

// Sleepers are woken by spawns from plain threads, from other runtimes and from the pool.
TEST_F(scheduler, work_from_everywhere_wakes_the_workers) {
    auto& rt = two_workers();
    auto other = edo::runtime::multi_thread().worker_threads(1).build();
    auto ran = std::make_shared<counter>(0);
    constexpr int rounds = 50;
    for (int i = 0; i < rounds; ++i) {
        auto from_other = other.spawn(
            [](edo::runtime_handle to, std::shared_ptr<counter> n) -> edo::task<> {
                auto sent = to.spawn(raise, n);
                co_await sent;
            },
            rt.handle(), ran);
        auto from_pool = rt.spawn_blocking(
            [](std::shared_ptr<counter> n) { return edo::spawn(raise, std::move(n)); }, ran);
        rt.block_on(rt.spawn(raise, ran));
        rt.block_on(from_other);
        auto sent = rt.block_on(from_pool);
        rt.block_on(sent);
    }
    EXPECT_EQ(*ran, 3 * rounds);
}

}  // namespace
