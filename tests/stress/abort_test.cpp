// Aborts that race with everything else, until every outcome was seen 100 times.
#include "support/race.hpp"
#include "support/runtime_fixture.hpp"

#include <edo/sync/notify.hpp>

#include <barrier>
#include <functional>
#include <memory>
#include <thread>

namespace {

using edo::task;
using edo::test::counted;
using edo::test::delay;
using edo::test::sweep;

constexpr int wanted = 100;
constexpr int most_rounds = 300'000;  // then the test fails: an outcome cannot be reached

/// A partner thread that does something at the same time as the test, once a round.
class racer {
public:
    explicit racer(std::function<void(int)> action)
        : action_(std::move(action)), thread_([this] { run(); }) {}
    ~racer() {
        round_ = -1;
        sync_.arrive_and_wait();
    }
    racer(const racer&) = delete;
    racer& operator=(const racer&) = delete;
    /// Both sides go at once.
    void start(int round) {
        round_ = round;
        sync_.arrive_and_wait();
    }
    void finish() { sync_.arrive_and_wait(); }

private:
    void run() {
        for (;;) {
            sync_.arrive_and_wait();
            if (round_ < 0) { return; }
            action_(round_);
            sync_.arrive_and_wait();
        }
    }
    std::function<void(int)> action_;
    std::barrier<> sync_{2};
    int round_ = 0;
    std::jthread thread_;
};

/// A task that waits for this at its start cannot end before the other side is there.
class gate {
public:
    void close() { open_ = false; }
    void open() { open_ = true; }
    void pass() const {
        while (!open_) { std::this_thread::yield(); }
    }

private:
    std::atomic<bool> open_{true};
};

struct outcomes {
    int value = 0;
    int cancelled = 0;
    [[nodiscard]] bool all_seen() const { return value >= wanted && cancelled >= wanted; }
};

class stress_abort : public edo::test::leak_check {
protected:
    const std::shared_ptr<gate> start = std::make_shared<gate>();
    edo::runtime rt = edo::runtime::multi_thread().worker_threads(2).build();
    std::atomic<int> alive{0};
    outcomes seen;

    template <class T>
    void count(const std::expected<T, edo::join_error>& joined) {
        if (joined) {
            ++seen.value;
        } else {
            EXPECT_TRUE(joined.error().is_cancelled());
            ++seen.cancelled;
        }
        EXPECT_EQ(alive, 0);
    }
    void SetUp() override { watch(rt); }
    void TearDown() override {
        { const edo::runtime ended = std::move(rt); }
        leak_check::TearDown();
    }
};

task<> waits_for_the_start(std::shared_ptr<const gate> start) {
    start->pass();
    co_return;
}

task<int> computes(counted, std::shared_ptr<const gate> start, int steps) {
    start->pass();
    delay(steps);
    co_return 1;
}

TEST_F(stress_abort, races_with_start_and_completion) {
    edo::abort_handle target;
    racer aborter([&](int round) {
        start->open();
        delay(sweep(round));
        target.abort();
    });
    int round = 0;
    for (; round < most_rounds && !seen.all_seen(); ++round) {
        std::array<edo::join_handle<void>, 2> busy;  // in every other round the workers are
        if (round % 2 == 0) {
            start->close();
            for (auto& each : busy) { each = rt.spawn(&waits_for_the_start, start); }
        }
        auto handle = rt.spawn(&computes, counted(alive), start, round % 64);
        target = handle.abort_handle();
        aborter.start(round);
        auto joined = rt.block_on(handle.join());
        aborter.finish();
        count(joined);
        handle.detach();
        target = edo::abort_handle();
    }
    EXPECT_TRUE(seen.all_seen()) << seen.value << " values, " << seen.cancelled << " cancelled";
}

task<int> waits(std::shared_ptr<edo::sync::notify> n, counted) {
    auto opened = n->notified();
    co_await opened;
    co_return 1;
}

TEST_F(stress_abort, races_with_the_wake_up) {
    edo::abort_handle target;
    racer aborter([&](int round) {
        delay(sweep(round));
        target.abort();
    });
    auto n = std::make_shared<edo::sync::notify>();
    racer waker([&](int round) {
        delay(sweep(round / 18));
        n->notify_one();
    });
    int round = 0;
    for (; round < most_rounds && !seen.all_seen(); ++round) {
        n = std::make_shared<edo::sync::notify>();
        auto handle = rt.spawn(&waits, n, counted(alive));
        target = handle.abort_handle();
        aborter.start(round);
        waker.start(round);
        auto joined = rt.block_on(handle.join());
        aborter.finish();
        waker.finish();
        count(joined);
    }
    EXPECT_TRUE(seen.all_seen()) << seen.value << " values, " << seen.cancelled << " cancelled";
}

task<int> yields(counted, std::shared_ptr<const gate> start, int times) {
    start->pass();
    for (int i = 0; i < times; ++i) { co_await edo::yield_now(); }
    co_return 1;
}

TEST_F(stress_abort, from_several_threads_races_with_yields) {
    edo::abort_handle first;
    edo::abort_handle second;
    racer one([&](int round) {
        start->open();
        delay(sweep(round));
        first.abort();
    });
    racer two([&](int round) {
        delay(sweep(round / 18));
        second.abort();
        EXPECT_EQ(second.id().value(), first.id().value());
    });
    int round = 0;
    for (; round < most_rounds && !seen.all_seen(); ++round) {
        if (round % 2 == 0) { start->close(); }
        auto handle = rt.spawn(&yields, counted(alive), start, round % 8);
        first = handle.abort_handle();
        second = first;
        one.start(round);
        two.start(round);
        auto joined = rt.block_on(handle.join());
        one.finish();
        two.finish();
        count(joined);
    }
    EXPECT_TRUE(seen.all_seen()) << seen.value << " values, " << seen.cancelled << " cancelled";
}

TEST_F(stress_abort, races_with_the_drop_of_the_handle_and_the_end) {
    auto finished = std::make_shared<std::atomic<int>>(0);
    edo::abort_handle target;
    racer aborter([&](int round) {
        start->open();
        delay(sweep(round));
        target.abort();
    });
    int ended = 0;
    int dropped = 0;
    int round = 0;
    for (; round < most_rounds && (ended < wanted || dropped < wanted); ++round) {
        const int before = *finished;
        start->close();
        auto handle = rt.spawn(
            [](std::shared_ptr<std::atomic<int>> f, std::shared_ptr<const gate> g,
               counted c) -> task<counted> {
                g->pass();
                co_await edo::yield_now();
                ++*f;
                co_return c;
            },
            finished, start, counted(alive));
        target = handle.abort_handle();
        aborter.start(round);
        delay(sweep(round / 18));
        handle.detach();
        aborter.finish();
        while (alive != 0) { std::this_thread::yield(); }
        (*finished == before ? dropped : ended) += 1;
    }
    EXPECT_TRUE(ended >= wanted && dropped >= wanted) << ended << " ended, " << dropped;
}

TEST_F(stress_abort, races_with_the_timer) {
    edo::abort_handle target;
    racer aborter([&](int round) {
        // Around the tick of the timer, which is 1 to 2 ms away.
        const auto until =
            std::chrono::steady_clock::now() + std::chrono::microseconds(round % 2500);
        while (std::chrono::steady_clock::now() < until) { edo::detail::cpu_relax(); }
        target.abort();
    });
    int round = 0;
    for (; round < 20'000 && !seen.all_seen(); ++round) {
        auto handle = rt.spawn(
            [](counted) -> task<int> {
                co_await edo::sleep_for(std::chrono::microseconds(1));
                co_return 1;
            },
            counted(alive));
        target = handle.abort_handle();
        aborter.start(round * 37);
        auto joined = rt.block_on(handle.join());
        aborter.finish();
        count(joined);
    }
    EXPECT_TRUE(seen.all_seen()) << seen.value << " values, " << seen.cancelled << " cancelled";
}

}  // namespace
