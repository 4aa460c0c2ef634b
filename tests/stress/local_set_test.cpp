// A local_set and other threads: their wakes and aborts race with its own turns, sleeps and end.
#include "support/race.hpp"
#include "support/runtime_fixture.hpp"

#include <edo/edo.hpp>
#include <edo/sync/notify.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <latch>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using edo::sync::notify;
using edo::test::counted;

constexpr int wanted = 100;
constexpr int most_rounds = 20'000;
constexpr int laps = EDO_TSAN || EDO_ASAN ? 2'000 : 20'000;

class local_set_stress : public edo::test::runtime_test {};
INSTANTIATE_TEST_SUITE_P(kinds, local_set_stress, edo::test::all_kinds, edo::test::kind_name);

TEST_P(local_set_stress, ping_pong_with_a_task_on_the_workers) {
    edo::local_set set;
    auto ping = std::make_shared<notify>();
    auto pong = std::make_shared<notify>();
    auto other = rt().spawn(
        [](std::shared_ptr<notify> in, std::shared_ptr<notify> out) -> edo::task<> {
            for (int i = 0; i < laps; ++i) {
                co_await in->notified();
                out->notify_one();
            }
        },
        ping, pong);
    auto body = [&]() -> edo::task<> {
        auto local = edo::spawn_local(
            [](std::shared_ptr<notify> out, std::shared_ptr<notify> in) -> edo::task<> {
                for (int i = 0; i < laps; ++i) {
                    out->notify_one();
                    co_await in->notified();
                }
            },
            ping, pong);
        co_await local;
        co_await other;
    };
    set.block_on(rt(), body);
}

// The aborter hits tasks that wait, run, have ended, and the set's destructor.
TEST_P(local_set_stress, aborts_race_with_turns_and_with_the_end_of_the_set) {
    std::atomic<int> alive{0};
    int finished = 0;
    int cancelled = 0;
    int rounds = 0;
    edo::test::opponent aborter;
    for (; rounds < most_rounds && (finished < wanted || cancelled < wanted || rounds < wanted);
         ++rounds) {
        std::optional<edo::local_set> set(std::in_place);
        std::vector<edo::abort_handle> aborts;
        std::vector<edo::join_handle<void>> handles;
        for (int i = 0; i < 10; ++i) {
            handles.push_back(set->spawn_local(
                [](counted) -> edo::task<> {
                    for (int n = 0; n < 10; ++n) { co_await edo::yield_now(); }
                },
                counted(alive)));
            aborts.push_back(handles.back().abort_handle());
        }
        auto body = [&]() -> edo::task<> {
            for (int n = 0; n < 8; ++n) { co_await edo::yield_now(); }
        };
        aborter.race(
            [&] {
                set->block_on(rt(), body);
                if (rounds % 2 == 0) { rt().block_on(*set); }
                set.reset();
            },
            [&] {
                for (std::size_t i = 0; i < aborts.size(); i += 2) { aborts[i].abort(); }
            });
        ASSERT_EQ(alive, 0);
        for (auto& handle : handles) {
            ASSERT_TRUE(handle.is_finished());
            auto result = rt().block_on(handle.join());
            result ? ++finished : ++cancelled;
        }
    }
    EXPECT_GE(finished, wanted) << rounds << " rounds";
    EXPECT_GE(cancelled, wanted) << rounds << " rounds";
}

TEST_P(local_set_stress, wakes_race_with_the_end_of_the_set) {
    std::atomic<int> alive{0};
    for (int round = 0; round < 2 * wanted; ++round) {
        std::optional<edo::local_set> set(std::in_place);
        auto gate = std::make_shared<notify>();
        auto body = [&]() -> edo::task<> {
            for (int i = 0; i < 10; ++i) {
                edo::spawn_local(
                    [](std::shared_ptr<notify> n, counted) -> edo::task<> {
                        co_await n->notified();
                        co_await edo::sleep_for(1h);
                    },
                    gate, counted(alive))
                    .detach();
            }
            for (int n = 0; n < 4; ++n) { co_await edo::yield_now(); }
        };
        set->block_on(rt(), body);
        std::latch both(2);
        std::thread waker([&] {
            both.arrive_and_wait();
            gate->notify_waiters();
        });
        both.arrive_and_wait();
        set.reset();
        EXPECT_EQ(alive, 0);
        waker.join();
    }
}

TEST_P(local_set_stress, drivers_in_tasks_end_while_the_runtime_shuts_down) {
    std::atomic<int> alive{0};
    for (int round = 0; round < wanted; ++round) {
        auto own = edo::test::builder_of(GetParam()).build();
        for (int i = 0; i < 4; ++i) {
            own.spawn(
                   [](counted token) -> edo::task<> {
                       edo::local_set set;
                       auto inside = [](counted) -> edo::task<> {
                           for (;;) {
                               auto local = edo::spawn_local(
                                   []() -> edo::task<> { co_await edo::yield_now(); });
                               co_await local;
                           }
                       };
                       co_await set.run_until(inside(token));
                   },
                   counted(alive))
                .detach();
        }
        auto turns = []() -> edo::task<> {
            for (int i = 0; i < 5; ++i) { co_await edo::yield_now(); }
        };
        own.block_on(turns());
        own = edo::test::builder_of(GetParam()).build();
        EXPECT_EQ(alive, 0);
    }
}

}  // namespace
