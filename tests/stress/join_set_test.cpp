// Sets whose tasks end on several workers while the set is waited for, aborted and dropped.
#include "support/poll.hpp"
#include "support/race.hpp"
#include "support/runtime_fixture.hpp"

#include <edo/sync/notify.hpp>

#include <atomic>
#include <memory>
#include <thread>

namespace {

using edo::task;
using edo::test::counted;
using edo::test::delay;
using edo::test::sweep;

constexpr int wanted = 100;
constexpr int most_rounds = 100'000;

class stress_join_set : public edo::test::leak_check {
protected:
    edo::runtime rt = edo::runtime::multi_thread().worker_threads(2).build();
    std::atomic<int> alive{0};
    int round_ = 0;
    void SetUp() override { watch(rt); }
    void TearDown() override {
        { const edo::runtime ended = std::move(rt); }
        leak_check::TearDown();
    }
};

task<int> gives(counted, int steps, int n) {
    delay(steps);
    if (n % 2 == 0) { co_await edo::yield_now(); }
    co_return n;
}

TEST_F(stress_join_set, every_result_comes_once) {
    for (int round = 0; round < 200; ++round) {
        auto body = [&]() -> task<> {
            edo::join_set<int> set;
            constexpr int count = 100;
            for (int i = 0; i < count; ++i) {
                set.spawn_on(rt.handle(), &gives, counted(alive), (i * 7 + round) % 64, i);
            }
            int sum = 0;
            int joined = 0;
            while (auto next = co_await set.join_next()) {
                sum += next->value();
                ++joined;
            }
            EXPECT_EQ(joined, count);
            EXPECT_EQ(sum, count * (count - 1) / 2);
        };
        rt.block_on(body());
    }
    EXPECT_EQ(alive, 0);
}

// loom_join_set.rs::abort_all_during_completion
TEST_F(stress_join_set, abort_all_during_completion) {
    int values = 0;
    int cancelled = 0;
    for (int round = 0; round < most_rounds && (values < wanted || cancelled < wanted); ++round) {
        auto body = [&]() -> task<> {
            edo::join_set<int> set;
            for (int i = 0; i < 2; ++i) {
                set.spawn_on(rt.handle(), &gives, counted(alive), round % 256, i);
            }
            delay(sweep(round));
            set.abort_all();
            EXPECT_EQ(set.size(), 2U);
            while (auto next = co_await set.join_next()) {
                EXPECT_TRUE(*next || next->error().is_cancelled());
                (*next ? values : cancelled) += 1;
            }
            EXPECT_TRUE(set.empty());
        };
        rt.block_on(body());
        EXPECT_EQ(alive, 0);
    }
    EXPECT_TRUE(values >= wanted && cancelled >= wanted) << values << " values, " << cancelled;
}

// The waiter is aborted while a task ends: the result stays in the set, and the set dies with it.
TEST_F(stress_join_set, drop_of_the_waiter_and_the_set_races_with_the_ends) {
    int joined = 0;
    int dropped = 0;
    for (int round = 0; round < most_rounds && (joined < wanted || dropped < wanted); ++round) {
        auto waiter = rt.spawn(
            [](counted c, int steps) -> task<> {
                edo::join_set<int> set;
                for (int i = 0; i < 4; ++i) { set.spawn(&gives, c, steps, i); }
                while (auto next = co_await set.join_next()) { EXPECT_TRUE(*next); }
            },
            counted(alive), round % 256);
        delay(sweep(round));
        waiter.abort();
        auto result = rt.block_on(waiter.join());
        (result ? joined : dropped) += 1;
        while (alive != 0) { std::this_thread::yield(); }
    }
    EXPECT_TRUE(joined >= wanted && dropped >= wanted) << joined << " joined, " << dropped;
}

task<int> ends_when_told(std::shared_ptr<edo::sync::notify> go) {
    co_await go->notified();
    co_return 7;
}

TEST_F(stress_join_set, drop_of_a_wait_with_ids_races_with_the_end) {
    edo::test::opponent other;
    edo::test::until_seen({"woken", "dropped first"}, [&] {
        edo::join_set<int> set;
        auto go = std::make_shared<edo::sync::notify>();
        set.spawn_on(rt.handle(), &ends_when_told, go);
        auto waiting = edo::test::by_hand(set.join_next_with_id());
        EXPECT_FALSE(waiting.poll());
        // In every other round the wake comes before the drop.
        const bool waits = ++round_ % 2 == 0;
        other.overlap(
            [&] {
                if (waits) { waiting.wait_woken(); }
                waiting.drop();
            },
            [&] { go->notify_one(); });
        auto ended = set.try_join_next();
        for (; !ended; ended = set.try_join_next()) { std::this_thread::yield(); }
        EXPECT_EQ(ended->value(), 7);
        return waiting.is_woken() ? "woken" : "dropped first";
    });
}

TEST_F(stress_join_set, detach_all_races_with_the_ends) {
    for (int round = 0; round < 2000; ++round) {
        edo::join_set<int> set;
        for (int i = 0; i < 4; ++i) {
            set.spawn_on(rt.handle(), &gives, counted(alive), round % 128, i);
        }
        delay(sweep(round));
        if (auto early = set.try_join_next()) { EXPECT_TRUE(*early); }
        set.detach_all();
        EXPECT_TRUE(set.empty());
    }
    while (alive != 0) { std::this_thread::yield(); }
}

}  // namespace
