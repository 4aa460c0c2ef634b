// Tasks, threads and runtimes that talk over channels. After tokio/tests/rt_common.rs, rt_threaded.rs.
#include "support/runtime_fixture.hpp"

#include <edo/edo.hpp>
#include <edo/sync/mpsc.hpp>
#include <edo/sync/oneshot.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <memory>
#include <numeric>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

namespace {

using edo::sync::mpsc;
using edo::sync::mpsc_receiver;
using edo::sync::mpsc_sender;
using edo::sync::mpsc_unbounded;
using edo::sync::mpsc_unbounded_sender;
using edo::sync::oneshot;
using edo::sync::oneshot_receiver;
using edo::sync::oneshot_sender;

class rt_channels : public edo::test::runtime_test {};
INSTANTIATE_TEST_SUITE_P(kinds, rt_channels, edo::test::all_kinds, edo::test::kind_name);

edo::task<> tell(oneshot_sender<int> to, int value) {
    EXPECT_TRUE(to.send(value).has_value());
    co_return;
}

/// A task for each item; a plain thread sends the items, the tasks send them back.
edo::task<std::vector<int>> ask_many(int items) {
    auto [done, answers] = mpsc_unbounded<int>();
    std::vector<oneshot_sender<int>> senders;
    for (int i = 0; i < items; ++i) {
        auto [tx, rx] = oneshot<int>();
        senders.push_back(std::move(tx));
        edo::spawn(
            [](oneshot_receiver<int> question, mpsc_unbounded_sender<int> to) -> edo::task<> {
                auto got = co_await question;
                EXPECT_TRUE(to.send(got.value()).has_value());
            },
            std::move(rx), done)
            .detach();
    }
    { auto gone = std::move(done); }
    std::thread feeder([&senders] {
        for (int i = 0; auto& sender : senders) { EXPECT_TRUE(sender.send(i++).has_value()); }
    });
    std::vector<int> seen;
    while (auto value = co_await answers.recv()) { seen.push_back(*value); }
    feeder.join();
    std::ranges::sort(seen);
    co_return seen;
}

std::vector<int> numbers(int n) {
    std::vector<int> all(static_cast<std::size_t>(n));
    std::iota(all.begin(), all.end(), 0);
    return all;
}

TEST_P(rt_channels, spawn_two) {
    auto body = []() -> edo::task<int> {
        auto [tx, rx] = oneshot<int>();
        edo::spawn(
            [](oneshot_sender<int> to) -> edo::task<> {
                edo::spawn(&tell, std::move(to), 5).detach();
                co_return;
            },
            std::move(tx))
            .detach();
        auto got = co_await rx;
        co_return got.value();
    };
    EXPECT_EQ(rt().block_on(body()), 5);
    const auto metrics = rt().metrics();
    stop();
    EXPECT_EQ(metrics.spawned_tasks_count(), 2U);
    EXPECT_EQ(metrics.remote_schedule_count(), is_current_thread() ? 0U : 1U);
}

TEST_P(rt_channels, spawn_many_from_block_on) {
    EXPECT_EQ(rt().block_on(ask_many(200)), numbers(200));
}

TEST_P(rt_channels, spawn_many_from_task) {
    EXPECT_EQ(rt().block_on(rt().spawn(&ask_many, 500)), numbers(500));
}

TEST_P(rt_channels, spawn_one_from_block_on_called_on_handle) {
    auto [tx, rx] = oneshot<int>();
    auto spawns = [](oneshot_sender<int> to) -> edo::task<edo::join_handle<void>> {
        co_return edo::spawn(&tell, std::move(to), 6);
    };
    auto handle = rt().handle().block_on(spawns(std::move(tx)));
    EXPECT_EQ(rt().block_on(rx).value(), 6);
    rt().block_on(handle);
}

TEST_P(rt_channels, complete_task_under_load) {
    auto stop_load = std::make_shared<std::atomic<bool>>(false);
    auto load = rt().spawn(
        [](std::shared_ptr<std::atomic<bool>> end) -> edo::task<> {
            while (!*end) { co_await edo::yield_now(); }
        },
        stop_load);
    auto [question, asked] = oneshot<int>();
    auto [answer, answered] = oneshot<int>();
    rt().spawn(
            [](oneshot_receiver<int> from, oneshot_sender<int> to) -> edo::task<> {
                auto got = co_await from;
                EXPECT_TRUE(to.send(got.value() + 1).has_value());
            },
            std::move(asked), std::move(answer))
        .detach();
    std::thread other(
        [to = std::move(question)]() mutable { EXPECT_TRUE(to.send(1).has_value()); });
    EXPECT_EQ(rt().block_on(answered).value(), 2);
    other.join();
    *stop_load = true;
    rt().block_on(load);
}

TEST_P(rt_channels, panic_in_task) {
    struct tells {
        oneshot_sender<bool> to;
        ~tells() { EXPECT_TRUE(to.send(true).has_value()); }
    };
    auto [tx, rx] = oneshot<bool>();
    auto handle = rt().spawn(
        [](oneshot_sender<bool> to) -> edo::task<> {
            const tells at_end{std::move(to)};
            throw std::runtime_error("boom");
            co_return;
        },
        std::move(tx));
    EXPECT_TRUE(rt().block_on(rx).value()) << "its locals are destroyed";
    EXPECT_THROW(rt().block_on(handle), std::runtime_error);
}

TEST_P(rt_channels, multi_threadpool) {
    auto other = edo::test::builder_of(GetParam()).build();
    watch(other);
    auto [tx, rx] = oneshot<int>();
    auto receives = other.spawn(
        [](oneshot_receiver<int> from) -> edo::task<int> {
            auto got = co_await from;
            co_return got.value();
        },
        std::move(rx));
    auto sends = rt().spawn(&tell, std::move(tx), 8);
    rt().block_on(sends);
    EXPECT_EQ(other.block_on(receives), 8);
}

edo::task<> forward(mpsc_receiver<int> from, mpsc_sender<int> to) {
    while (auto value = co_await from.recv()) {
        auto sent = co_await to.send(*value);
        EXPECT_TRUE(sent.has_value());
    }
}

/// The end of a ring: sends what comes round again, the last time to `out`.
edo::task<> cycle(mpsc_receiver<int> from, mpsc_sender<int> again, mpsc_sender<int> out,
                  int times) {
    for (int i = 1; i <= times; ++i) {
        auto value = co_await from.recv();
        if (i < times) {
            auto sent = co_await again.send(*value);
            EXPECT_TRUE(sent.has_value());
        } else {
            auto sent = co_await out.send(*value);
            EXPECT_TRUE(sent.has_value());
        }
    }
}

TEST_P(rt_channels, many_multishot_futures) {
    constexpr int tracks = 20, chain = 50, cycles = 5;
    std::vector<mpsc_sender<int>> starts;
    std::vector<mpsc_receiver<int>> ends;
    for (int track = 0; track < tracks; ++track) {
        auto [start, first] = mpsc<int>(10);
        auto from = std::move(first);
        for (int i = 0; i < chain; ++i) {
            auto [tx, rx] = mpsc<int>(10);
            rt().spawn(&forward, std::move(from), std::move(tx)).detach();
            from = std::move(rx);
        }
        auto [out, end] = mpsc<int>(10);
        rt().spawn(&cycle, std::move(from), start, std::move(out), cycles).detach();
        starts.push_back(std::move(start));
        ends.push_back(std::move(end));
    }
    auto body = [&]() -> edo::task<> {
        for (int i = 0; auto& start : starts) {
            auto sent = co_await start.send(i++);
            EXPECT_TRUE(sent.has_value());
        }
        for (int i = 0; auto& end : ends) {
            auto got = co_await end.recv();
            EXPECT_EQ(got, i++);
        }
        starts.clear();
        while (edo::runtime_handle::current().metrics().num_alive_tasks() > 0) {
            co_await edo::yield_now();  // the chains end one after the other
        }
    };
    rt().block_on(body());
}

/// A channel with a thousand values in it.
mpsc_receiver<int> filled() {
    auto [tx, rx] = mpsc_unbounded<int>();
    for (int i = 0; i < 1000; ++i) { EXPECT_TRUE(tx.send(i).has_value()); }
    return std::move(rx);
}
edo::task<int> drain(mpsc_receiver<int> rx) {
    int taken = 0;
    while (auto value = co_await rx.recv()) { ++taken; }
    co_return taken;
}

TEST_P(rt_channels, coop) {
    EXPECT_EQ(rt().block_on(rt().spawn(&drain, filled())), 1000);
    EXPECT_EQ(rt().metrics().budget_forced_yield_count(), 1000U / 128U);
    auto root = [](mpsc_receiver<int> rx) -> edo::task<> {
        int taken = 0;
        for (; edo::has_budget_remaining(); ++taken) {
            auto value = co_await rx.recv();
            EXPECT_EQ(value, taken);
        }
        EXPECT_EQ(taken, 128);
        auto after = co_await rx.recv();  // yields first
        EXPECT_EQ(after, taken);
        EXPECT_TRUE(edo::has_budget_remaining());
    };
    rt().block_on(root(filled()));
}

TEST_P(rt_channels, coop_unconstrained) {
    auto body = [](mpsc_receiver<int> rx) -> edo::task<int> {
        co_return co_await edo::unconstrained(drain(std::move(rx)));
    };
    EXPECT_EQ(rt().block_on(rt().spawn(body, filled())), 1000);
    EXPECT_EQ(rt().metrics().budget_forced_yield_count(), 0U);
}

}  // namespace
