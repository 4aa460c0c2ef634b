// Places that move between threads: block_on lends, block_in_place leaves, all at once.
#include "support/runtime_fixture.hpp"

#include <edo/edo.hpp>
#include <edo/sync/notify.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

namespace {

using counter = std::atomic<int>;

constexpr int wanted = 100;
constexpr int most_rounds = 50'000;

class lending_stress : public edo::test::runtime_test {
protected:
    edo::runtime& lender() {
        auto made = edo::test::builder_of(GetParam());
        made.lend_thread(true);
        return use(std::move(made));
    }
};
INSTANTIATE_TEST_SUITE_P(kinds, lending_stress, edo::test::multi_thread_kinds,
                         edo::test::kind_name);

edo::task<std::thread::id> where() { co_return std::this_thread::get_id(); }

// Short block_ons take and give back places; tasks run on lent threads and on
// others.
TEST_P(lending_stress, short_block_ons_of_several_threads) {
    edo::runtime& rt = lender();
    counter on_lent{0};
    counter elsewhere{0};
    constexpr int callers = 3;
    std::vector<std::thread> threads;
    for (int c = 0; c < callers; ++c) {
        threads.emplace_back([&] {
            for (int i = 0; i < most_rounds && (on_lent < wanted || elsewhere < wanted || i < 200);
                 ++i) {
                auto body = [&]() -> edo::task<> {
                    auto child = edo::spawn(where);
                    if (i % 2 == 0) {  // the place goes to another thread meanwhile
                        edo::block_in_place([&] {
                            while (!child.is_finished()) { std::this_thread::yield(); }
                        });
                    }
                    const auto there = co_await child;
                    there == std::this_thread::get_id() ? ++on_lent : ++elsewhere;
                };
                rt.block_on(body());
            }
        });
    }
    for (auto& thread : threads) { thread.join(); }
    EXPECT_GE(on_lent, wanted);
    EXPECT_GE(elsewhere, wanted);
}

TEST_P(lending_stress, block_in_place_in_roots_and_tasks_at_once) {
    edo::runtime& rt = lender();
    constexpr int callers = 3;
    counter in_place{0};
    std::vector<std::thread> threads;
    for (int c = 0; c < callers; ++c) {
        threads.emplace_back([&] {
            for (int i = 0; i < wanted; ++i) {
                auto body = [&]() -> edo::task<> {
                    auto ran = std::make_shared<counter>(0);
                    auto child = edo::spawn(
                        [](std::shared_ptr<counter> n) -> edo::task<> {
                            edo::block_in_place([&] { ++*n; });
                            co_await edo::yield_now();
                            edo::block_in_place([&] { ++*n; });
                        },
                        ran);
                    edo::block_in_place([&] {
                        while (*ran == 0) { std::this_thread::yield(); }
                    });
                    co_await child;
                    in_place += *ran;
                };
                rt.block_on(body());
            }
        });
    }
    for (auto& thread : threads) { thread.join(); }
    EXPECT_EQ(in_place, 2 * callers * wanted);
}

// A worker's place is taken over while it falls asleep and wakes; timers and wakes go with it.
TEST_P(lending_stress, wakes_and_timers_follow_the_place) {
    edo::runtime& rt = lender();
    auto ping = std::make_shared<edo::sync::notify>();
    auto pong = std::make_shared<edo::sync::notify>();
    auto stop = std::make_shared<std::atomic<bool>>(false);
    auto partner = rt.spawn(
        [](std::shared_ptr<edo::sync::notify> in, std::shared_ptr<edo::sync::notify> out,
           std::shared_ptr<std::atomic<bool>> end) -> edo::task<> {
            while (!*end) {
                co_await in->notified();
                out->notify_one();
            }
        },
        ping, pong, stop);
    for (int i = 0; i < 10 * wanted; ++i) {
        auto body = [&]() -> edo::task<> {
            ping->notify_one();
            co_await pong->notified();
            if (i % 50 == 0) { co_await edo::sleep_for(std::chrono::milliseconds(1)); }
        };
        rt.block_on(body());
    }
    *stop = true;
    ping->notify_one();
    rt.block_on(partner);
}

// The runtime ends while its places are with the pool's threads.
TEST_P(lending_stress, block_in_place_races_with_shutdown) {
    for (int round = 0; round < wanted; ++round) {
        auto own = edo::test::builder_of(GetParam()).build();
        for (int i = 0; i < 8; ++i) {
            own.spawn([]() -> edo::task<> {
                   for (;;) {
                       edo::block_in_place([] { std::this_thread::yield(); });
                       co_await edo::yield_now();
                   }
               })
                .detach();
        }
        auto turns = []() -> edo::task<> {
            for (int i = 0; i < 3; ++i) { co_await edo::yield_now(); }
        };
        own.block_on(turns());
    }
}

}  // namespace
