// One primitive between tasks of two runtimes: who is woken goes on where it belongs.
#include <edo/edo.hpp>
#include <edo/sync/barrier.hpp>
#include <edo/sync/broadcast.hpp>
#include <edo/sync/mpmc.hpp>
#include <edo/sync/mpsc.hpp>
#include <edo/sync/mutex.hpp>
#include <edo/sync/notify.hpp>
#include <edo/sync/oneshot.hpp>
#include <edo/sync/rw_lock.hpp>
#include <edo/sync/semaphore.hpp>
#include <edo/sync/watch.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <thread>
#include <utility>

namespace {

namespace sync = edo::sync;
using edo::task;

constexpr int laps = 200;

/// Two runtimes of one worker each, whose threads the tasks know.
class two_runtimes : public testing::Test {
protected:
    edo::runtime one = edo::runtime::multi_thread().worker_threads(1).build();
    edo::runtime two = edo::runtime::multi_thread().worker_threads(1).build();
    /// f(x) as a task of both, each of which stays on its runtime's thread.
    template <class F, class... X>
    void run_on_both(F f, X... x) {
        auto first = one.spawn(f, x...);
        auto second = two.spawn(f, x...);
        one.block_on(std::move(first));
        two.block_on(std::move(second));
    }
};

TEST_F(two_runtimes, a_mutex) {
    auto m = std::make_shared<sync::mutex<int>>(0);
    run_on_both(
        [](std::shared_ptr<sync::mutex<int>> shared) -> task<> {
            const auto thread = std::this_thread::get_id();
            for (int i = 0; i < laps; ++i) {
                auto held = co_await shared->lock();
                EXPECT_EQ(std::this_thread::get_id(), thread);
                ++*held;
                co_await edo::yield_now();
            }
        },
        m);
    EXPECT_EQ(*m->try_lock().value(), 2 * laps);
}

TEST_F(two_runtimes, a_rw_lock) {
    auto l = std::make_shared<sync::rw_lock<int>>(0);
    run_on_both(
        [](std::shared_ptr<sync::rw_lock<int>> shared) -> task<> {
            for (int i = 0; i < laps; ++i) {
                const int before = *co_await shared->read();
                auto held = co_await shared->write();
                EXPECT_GE(*held, before);
                ++*held;
                co_await edo::yield_now();
            }
        },
        l);
    EXPECT_EQ(*one.block_on(l->read()), 2 * laps);
}

TEST_F(two_runtimes, a_semaphore) {
    auto s = std::make_shared<sync::semaphore>(1);
    run_on_both(
        [](std::shared_ptr<sync::semaphore> shared) -> task<> {
            for (int i = 0; i < laps; ++i) {
                const auto permit = co_await shared->acquire();
                EXPECT_TRUE(permit.has_value());
                co_await edo::yield_now();
            }
        },
        s);
    EXPECT_EQ(s->available_permits(), 1U);
}

TEST_F(two_runtimes, a_barrier) {
    auto b = std::make_shared<sync::barrier>(2);
    run_on_both(
        [](std::shared_ptr<sync::barrier> shared) -> task<> {
            for (int i = 0; i < laps; ++i) { static_cast<void>(co_await shared->wait()); }
        },
        b);
}

TEST_F(two_runtimes, notifications) {
    auto ping = std::make_shared<sync::notify>();
    auto pong = std::make_shared<sync::notify>();
    // One serves, one returns: two notifications under way to one side would be one permit.
    auto serves = one.spawn(
        [](std::shared_ptr<sync::notify> out, std::shared_ptr<sync::notify> in) -> task<> {
            for (int i = 0; i < laps; ++i) {
                out->notify_one();
                co_await in->notified();
            }
        },
        ping, pong);
    auto returns = two.spawn(
        [](std::shared_ptr<sync::notify> in, std::shared_ptr<sync::notify> out) -> task<> {
            for (int i = 0; i < laps; ++i) {
                co_await in->notified();
                out->notify_one();
            }
        },
        ping, pong);
    one.block_on(std::move(serves));
    two.block_on(std::move(returns));
}

using request = std::pair<int, sync::oneshot_sender<int>>;

TEST_F(two_runtimes, requests_through_mpsc_and_replies_through_oneshot) {
    auto [tx, rx] = sync::mpsc<request>(2);
    auto server = two.spawn(
        [](sync::mpsc_receiver<request> requests) -> task<> {
            while (auto next = co_await requests.recv()) {
                EXPECT_TRUE(std::move(next->second).send(2 * next->first).has_value());
            }
        },
        std::move(rx));
    auto client = one.spawn(
        [](sync::mpsc_sender<request> to) -> task<> {
            for (int i = 0; i < laps; ++i) {
                auto [reply, answer] = sync::oneshot<int>();
                const auto sent = co_await to.send(request(i, std::move(reply)));
                EXPECT_TRUE(sent.has_value());
                const auto got = co_await std::move(answer);
                EXPECT_EQ(got.value(), 2 * i);
            }
        },
        std::move(tx));
    one.block_on(std::move(client));
    two.block_on(std::move(server));
}

TEST_F(two_runtimes, watch_broadcast_and_mpmc) {
    auto [version, versions] = sync::watch<int>(0);
    auto [item, items] = sync::mpmc<int>(2);
    auto reader = two.spawn(
        [](sync::watch_receiver<int> seen, sync::mpmc_receiver<int> from) -> task<int> {
            int sum = 0;
            while (auto next = co_await from.recv()) { sum += *next; }
            while (*seen.borrow() != laps) {
                const auto changed = co_await seen.changed();
                EXPECT_TRUE(changed.has_value());
            }
            co_return sum;
        },
        versions, std::move(items));
    auto writer = one.spawn(
        [](sync::watch_sender<int> out, sync::mpmc_sender<int> to) -> task<> {
            for (int i = 1; i <= laps; ++i) {
                const auto sent = co_await to.send(i);
                EXPECT_TRUE(sent.has_value());
                static_cast<void>(out.send(i));
            }
            { const auto closes = std::move(to); }
            while (out.receiver_count() > 1) { co_await edo::yield_now(); }
        },
        std::move(version), std::move(item));
    EXPECT_EQ(two.block_on(std::move(reader)), laps * (laps + 1) / 2);
    one.block_on(std::move(writer));
}

}  // namespace
