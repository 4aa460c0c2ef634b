// Joins, detaches and dropped joins that race with the end of the task.
#include "support/race.hpp"
#include "support/runtime_fixture.hpp"

#include <atomic>
#include <memory>
#include <thread>

namespace {

using edo::task;
using edo::test::counted;
using namespace std::chrono_literals;
using edo::test::delay;
using edo::test::sweep;

constexpr int wanted = 100;
constexpr int most_rounds = 300'000;

class stress_join : public edo::test::leak_check {
protected:
    edo::runtime rt = edo::runtime::multi_thread().worker_threads(2).build();
    std::atomic<int> alive{0};
    void SetUp() override { watch(rt); }
    void TearDown() override {
        { const edo::runtime ended = std::move(rt); }
        leak_check::TearDown();
    }
};

task<counted> gives(counted c, int steps) {
    delay(steps);
    co_return c;
}

TEST_F(stress_join, detach_races_with_the_end) {
    int after = 0;
    int before = 0;
    int round = 0;
    for (; round < most_rounds && (after < wanted || before < wanted); ++round) {
        auto handle = rt.spawn(&gives, counted(alive), round % 128);
        auto watcher = handle.abort_handle();
        delay(sweep(round));
        (watcher.is_finished() ? after : before) += 1;
        handle.detach();
        while (alive != 0) { std::this_thread::yield(); }
    }
    EXPECT_TRUE(after >= wanted && before >= wanted) << after << " after the end, " << before;
}

TEST_F(stress_join, await_races_with_the_end) {
    int after = 0;
    int before = 0;
    for (int round = 0; round < most_rounds && (after < wanted || before < wanted); ++round) {
        auto handle = rt.spawn(&gives, counted(alive), round % 128);
        auto body = [&]() -> task<bool> {
            delay(sweep(round));
            const bool finished = handle.is_finished();
            const auto got = co_await handle;
            EXPECT_EQ(alive, 1);
            co_return finished;
        };
        (rt.block_on(body()) ? after : before) += 1;
        EXPECT_EQ(alive, 0);
    }
    EXPECT_TRUE(after >= wanted && before >= wanted) << after << " after the end, " << before;
}

// The joining task is aborted while the joined one ends: the leaf takes its listener back in time.
TEST_F(stress_join, drop_of_the_await_races_with_the_end) {
    int joined = 0;
    int dropped = 0;
    for (int round = 0; round < most_rounds && (joined < wanted || dropped < wanted); ++round) {
        auto inner = rt.spawn(&gives, counted(alive), round % 512);
        auto outer = rt.spawn(
            [](edo::join_handle<counted> h) -> task<> { static_cast<void>(co_await std::move(h)); },
            std::move(inner));
        delay(sweep(round));
        outer.abort();
        auto result = rt.block_on(outer.join());
        (result ? joined : dropped) += 1;
        while (alive != 0) { std::this_thread::yield(); }
    }
    EXPECT_TRUE(joined >= wanted && dropped >= wanted) << joined << " joined, " << dropped;
}

TEST_F(stress_join, timeout_around_a_borrowed_handle_races_with_the_end) {
    int in_time = 0;
    int elapsed = 0;
    for (int round = 0; round < 20'000 && (in_time < wanted || elapsed < wanted); ++round) {
        auto handle = rt.spawn(
            [](counted c, int micros) -> task<counted> {
                const auto until =
                    std::chrono::steady_clock::now() + std::chrono::microseconds(micros);
                while (std::chrono::steady_clock::now() < until) { co_await edo::yield_now(); }
                co_return c;
            },
            counted(alive), round * 37 % 2500);
        // Nearer to the end that is wanted more, also on a machine that has other work.
        const std::chrono::microseconds limit = in_time < elapsed ? 2ms : 1us;
        auto body = [&]() -> task<bool> {
            auto got = co_await edo::timeout(limit, handle);
            if (got) { co_return true; }
            const auto late = co_await handle;
            co_return false;
        };
        (rt.block_on(body()) ? in_time : elapsed) += 1;
        EXPECT_EQ(alive, 0);
    }
    EXPECT_TRUE(in_time >= wanted && elapsed >= wanted) << in_time << " in time, " << elapsed;
}

// Many tasks that join each other in a ring of workers: every one ends, once.
TEST_F(stress_join, chains_of_joins_over_all_workers_complete) {
    for (int round = 0; round < 50; ++round) {
        auto last = rt.spawn(&gives, counted(alive), 0);
        for (int i = 0; i < 200; ++i) {
            last = rt.spawn(
                [](edo::join_handle<counted> h) -> task<counted> {
                    co_return co_await std::move(h);
                },
                std::move(last));
        }
        static_cast<void>(rt.block_on(std::move(last)));
        while (alive != 0) { std::this_thread::yield(); }
    }
}

}  // namespace
