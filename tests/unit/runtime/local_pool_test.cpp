// Threads on which tasks stay.
#include "support/runtime_fixture.hpp"

#include <edo/base/detail/thread.hpp>
#include <edo/edo.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <set>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using edo::local_pool;
using edo::task;

class local_pools : public edo::test::leak_check {
protected:
    template <class T>
    static T wait_for(task<T> body) {
        return edo::runtime::current_thread().build().block_on(std::move(body));
    }
};

task<bool> stays_on_its_thread() {
    const auto here = std::this_thread::get_id();
    const auto counted = edo::make_rc<int>(1);  // not sendable
    auto local = edo::spawn_local(
        [](edo::rc<int> n) -> task<int> {
            co_await edo::yield_now();
            co_return *n;
        },
        counted);
    const int one = co_await local;
    co_await edo::sleep_for(1ms);
    co_return one == 1 && std::this_thread::get_id() == here;
}

TEST_F(local_pools, a_task_stays_on_its_thread) {
    local_pool pool(2);
    EXPECT_EQ(pool.num_threads(), 2U);
    auto body = [](local_pool& p) -> task<int> {
        std::vector<edo::join_handle<bool>> handles;
        for (int i = 0; i < 20; ++i) { handles.push_back(p.spawn_pinned(&stays_on_its_thread)); }
        int good = 0;
        for (auto& each : handles) {
            const bool stayed = co_await each;
            good += stayed ? 1 : 0;
        }
        co_return good;
    };
    EXPECT_EQ(wait_for(body(pool)), 20);
}

TEST_F(local_pools, tasks_go_to_the_thread_with_the_fewest) {
    local_pool pool(3);
    auto body = [](local_pool& p) -> task<std::size_t> {
        auto threads = std::make_shared<edo::sync::mutex<std::set<std::thread::id>>>();
        auto gate = std::make_shared<edo::sync::event>(edo::sync::event_reset::manual);
        std::vector<edo::join_handle<void>> handles;
        for (int i = 0; i < 3; ++i) {
            handles.push_back(p.spawn_pinned(
                [](auto seen, auto until) -> task<> {
                    {
                        auto set = co_await seen->lock();
                        set->insert(std::this_thread::get_id());
                    }
                    co_await until->wait();
                },
                threads, gate));
        }
        gate->set();
        for (auto& each : handles) { co_await each; }
        auto set = co_await threads->lock();
        co_return set->size();
    };
    EXPECT_EQ(wait_for(body(pool)), 3U);
}

TEST_F(local_pools, the_end_drops_the_tasks_on_their_threads) {
    auto alive = std::make_shared<std::atomic<int>>(0);
    {
        local_pool pool(2);
        for (int i = 0; i < 4; ++i) {
            pool.spawn_pinned(
                    [](std::shared_ptr<std::atomic<int>> count) -> task<> {
                        const auto here = std::this_thread::get_id();
                        ++*count;
                        const std::shared_ptr<void> down(nullptr, [&](void*) {
                            EXPECT_EQ(std::this_thread::get_id(), here);
                            --*count;
                        });
                        co_await edo::sleep_for(24h);
                    },
                    alive)
                .detach();
        }
        while (*alive != 4) { std::this_thread::yield(); }
    }
    EXPECT_EQ(*alive, 0);
}

TEST_F(local_pools, an_exception_and_an_abort_leave_the_thread_alone) {
    local_pool pool(1);
    auto body = [](local_pool& p) -> task<> {
        auto throws = p.spawn_pinned([]() -> task<> {
            throw std::runtime_error("pinned");
            co_return;
        });
        const auto failed = co_await throws.join();
        EXPECT_TRUE(!failed && !failed.error().is_cancelled());
        auto sleeps = p.spawn_pinned([]() -> task<> { co_await edo::sleep_for(24h); });
        sleeps.abort();
        const auto ended = co_await sleeps.join();
        EXPECT_TRUE(!ended && ended.error().is_cancelled());
        auto after = p.spawn_pinned([]() -> task<int> { co_return 1; });
        const int one = co_await after;
        EXPECT_EQ(one, 1);
    };
    wait_for(body(pool));
}

TEST_F(local_pools, no_thread_is_refused) { EXPECT_THROW(local_pool(0), std::invalid_argument); }

TEST_F(local_pools, a_thread_that_cannot_be_started_leaves_none) {
    edo::detail::fail_thread_creation_after(1);
    EXPECT_THROW(local_pool(3), std::system_error);
    edo::detail::fail_thread_creation_after(-1);
}

}  // namespace
