// Tasks that tell each other something, and locks that nobody else wants.
#include "operations.hpp"

#include <memory>
#include <utility>

namespace quick {

namespace {

namespace sync = edo::sync;

using bell = std::shared_ptr<sync::notify>;

/// Wakes the other task and waits until it is woken, n times.
edo::task<count> take_turns(bell mine, bell other, count n) {
    for (count i = 0; i < n; ++i) {
        other->notify_one();
        co_await mine->notified();
    }
    other->notify_one();
    co_return n;
}

edo::task<> answer(sync::oneshot_sender<count> tx, count value) {
    (void)tx.send(value);
    co_return;
}

edo::task<> produce(sync::mpsc_sender<count> tx, count n) {
    for (count i = 0; i < n; ++i) (void)co_await tx.send(1);
}

}  // namespace

edo::task<count> wake(count n) {
    const auto here = std::make_shared<sync::notify>();
    const auto there = std::make_shared<sync::notify>();
    auto a = edo::spawn(take_turns, here, there, n / 2);
    auto b = edo::spawn(take_turns, there, here, n / 2);
    const count by_a = co_await a;
    const count by_b = co_await b;
    co_return by_a + by_b;
}

edo::task<count> oneshot(count n) {
    count sum = 0;
    for (count i = 0; i < n; ++i) {
        auto [tx, rx] = sync::oneshot<count>();
        edo::spawn(answer, std::move(tx), count{1}).detach();
        const auto value = co_await rx;
        sum += *value;
    }
    co_return sum;
}

/// One task sends, one receives, and each waits for the other now and then.
edo::task<count> channel(count n) {
    auto [tx, rx] = sync::mpsc<count>(64);
    edo::spawn(produce, std::move(tx), n).detach();
    count sum = 0;
    for (count i = 0; i < n; ++i) {
        const auto value = co_await rx.recv();
        sum += *value;
    }
    co_return sum;
}

edo::task<count> channel_ready(count n) {
    auto [tx, rx] = sync::mpsc<count>(64);
    count sum = 0;
    for (count i = 0; i < n; ++i) {
        (void)co_await tx.send(1);
        const auto value = co_await rx.recv();
        sum += *value;
    }
    co_return sum;
}

edo::task<count> mutex(count n) {
    sync::mutex<count> counted(0U);
    for (count i = 0; i < n; ++i) {
        const auto guard = co_await counted.lock();
        ++*guard;
    }
    co_return counted.get_unsynchronised();
}

edo::task<count> semaphore(count n) {
    sync::semaphore permits(2);
    count sum = 0;
    for (count i = 0; i < n; ++i) {
        const auto permit = co_await permits.acquire();
        sum += permit->num_permits();
    }
    co_return sum;
}

}  // namespace quick
