// Nobody starves: neither behind tasks that yield, nor behind a pair in the slot, nor behind a loop
// over what is always ready.
#include "support/runtime_fixture.hpp"

#include <edo/edo.hpp>
#include <edo/sync/notify.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using flag = std::atomic<bool>;
using counter = std::atomic<int>;
using edo::sync::notify;

class fairness : public edo::test::runtime_test {};
INSTANTIATE_TEST_SUITE_P(kinds, fairness, edo::test::all_kinds, edo::test::kind_name);

edo::task<> yield_until(std::shared_ptr<flag> stop) {
    while (!*stop) { co_await edo::yield_now(); }
}
edo::task<> set(std::shared_ptr<flag> f) {
    *f = true;
    co_return;
}
/// Two of these wake each other until `stop`.
edo::task<> ping_pong(std::shared_ptr<notify> mine, std::shared_ptr<notify> theirs,
                      std::shared_ptr<flag> stop) {
    while (!*stop) {
        theirs->notify_one();
        co_await mine->notified();
    }
    theirs->notify_one();
}
/// Spawns its own successor, which lands in the slot.
edo::task<> respawn(std::shared_ptr<flag> stop, std::shared_ptr<counter> alive) {
    if (!*stop) {
        edo::spawn(respawn, stop, alive).detach();
    } else {
        --*alive;
    }
    co_return;
}

TEST_P(fairness, tasks_that_yield_do_not_starve_injected_ones) {
    auto stop = std::make_shared<flag>(false);
    std::vector<edo::join_handle<void>> load;
    for (int i = 0; i < 20; ++i) { load.push_back(rt().spawn(yield_until, stop)); }
    const auto handle = rt().handle();
    std::thread outside([&] { handle.spawn(set, stop).detach(); });
    for (auto& each : load) { rt().block_on(each); }
    outside.join();
}

// A benchmark of Tokio's; its version 1.24 does not come back from it with two workers.
TEST_P(fairness, spawn_many_remote_busy2) {
    auto stop = std::make_shared<flag>(false);
    const int chains = static_cast<int>(std::max(GetParam().workers, 1U));
    auto alive = std::make_shared<counter>(chains);
    for (int i = 0; i < chains; ++i) { rt().spawn(respawn, stop, alive).detach(); }
    for (int round = 0; round < 5; ++round) {
        std::vector<edo::join_handle<void>> handles;
        for (int i = 0; i < 200; ++i) {
            handles.push_back(rt().spawn(set, std::make_shared<flag>(false)));
        }
        for (auto& handle : handles) { rt().block_on(handle); }
    }
    *stop = true;
    rt().block_on([](std::shared_ptr<counter> left) -> edo::task<> {
        while (*left != 0) { co_await edo::yield_now(); }
    }(alive));
}

TEST_P(fairness, tasks_that_yield_do_not_starve_timers) {
    auto stop = std::make_shared<flag>(false);
    std::vector<edo::join_handle<void>> load;
    for (int i = 0; i < 20; ++i) { load.push_back(rt().spawn(yield_until, stop)); }
    auto timer = rt().spawn(
        [](std::shared_ptr<flag> f) -> edo::task<> {
            co_await edo::sleep_for(1ms);
            *f = true;
        },
        stop);
    for (auto& each : load) { rt().block_on(each); }
}

TEST_P(fairness, two_tasks_that_wake_each_other_do_not_starve_a_third) {
    auto stop = std::make_shared<flag>(false);
    auto parent = rt().spawn(
        [](std::shared_ptr<flag> end) -> edo::task<> {
            auto first = std::make_shared<notify>();
            auto second = std::make_shared<notify>();
            auto a = edo::spawn(ping_pong, first, second, end);
            auto b = edo::spawn(ping_pong, second, first, end);
            for (int i = 0; i < 50; ++i) { co_await edo::yield_now(); }
            *end = true;
            co_await a;
            co_await b;
        },
        stop);
    rt().block_on(parent);
}

TEST_P(fairness, ping_pong_saturation) {
    auto stop = std::make_shared<flag>(false);
    auto parent = rt().spawn(
        [](std::shared_ptr<flag> end) -> edo::task<> {
            std::vector<edo::join_handle<void>> pairs;
            for (int i = 0; i < 100; ++i) {
                auto first = std::make_shared<notify>();
                auto second = std::make_shared<notify>();
                pairs.push_back(edo::spawn(ping_pong, first, second, end));
                pairs.push_back(edo::spawn(ping_pong, second, first, end));
            }
            auto third = edo::spawn([]() -> edo::task<> {
                for (int i = 0; i < 5; ++i) { co_await edo::yield_now(); }
            });
            co_await third;
            *end = true;
            for (auto& each : pairs) { co_await each; }
        },
        stop);
    rt().block_on(parent);
}

TEST_P(fairness, lifo_slot_budget) {
    auto stop = std::make_shared<flag>(false);
    auto alive = std::make_shared<counter>(1);
    rt().spawn(respawn, stop, alive).detach();
    auto neighbour = rt().spawn([]() -> edo::task<> {
        for (int i = 0; i < 5; ++i) { co_await edo::yield_now(); }
    });
    rt().block_on(neighbour);
    *stop = true;
    auto wait = [&]() -> edo::task<> {
        while (*alive > 0) { co_await edo::yield_now(); }
    };
    rt().block_on(wait());
}

TEST_P(fairness, a_loop_over_what_is_ready_does_not_starve_its_neighbour) {
    auto stop = std::make_shared<flag>(false);
    auto greedy = rt().spawn(
        [](std::shared_ptr<flag> end) -> edo::task<std::uint64_t> {
            edo::spawn(set, end).detach();
            std::uint64_t rounds = 0;
            for (; !*end; ++rounds) {
                co_await edo::sleep_for(0ns);  // always ready
            }
            co_return rounds;
        },
        stop);
    const std::uint64_t rounds = rt().block_on(greedy);
    if (GetParam().workers <= 1) {
        EXPECT_GE(rounds, 128U) << "one turn's budget";
        EXPECT_LE(rounds, 129U * 62U) << "the neighbour is next in the queue";
    }
}

TEST_P(fairness, a_loop_over_finished_handles_does_not_starve_its_neighbour) {
    auto stop = std::make_shared<flag>(false);
    auto greedy = rt().spawn(
        [](std::shared_ptr<flag> end) -> edo::task<> {
            std::vector<edo::join_handle<void>> done;
            for (int i = 0; i < 1000; ++i) {
                done.push_back(edo::spawn([]() -> edo::task<> { co_return; }));
            }
            co_await done.back();
            done.pop_back();
            while (!done.front().is_finished()) { co_await edo::yield_now(); }
            edo::spawn(set, end).detach();
            for (auto& each : done) {
                if (*end) { break; }
                co_await each;
            }
            if (edo::runtime_handle::current().metrics().num_workers() == 1) {
                EXPECT_TRUE(*end) << "a thousand ready awaits are more than one turn's budget";
            }
            while (!*end) { co_await edo::yield_now(); }
        },
        stop);
    rt().block_on(greedy);
}

TEST_P(fairness, a_ready_loop_in_block_on_lets_the_tasks_run) {
    auto stop = std::make_shared<flag>(false);
    auto body = [&]() -> edo::task<> {
        edo::spawn(set, stop).detach();
        while (!*stop) { co_await edo::consume_budget(); }
    };
    rt().block_on(body());
}

}  // namespace
