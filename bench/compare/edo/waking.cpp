// What it costs to wake tasks.
#include "workloads.hpp"

#include <utility>

namespace compare {

namespace {

edo::task<> yield_often(std::uint64_t n, counter sum, signal done) {
    for (std::uint64_t i = 0; i < n; ++i) co_await edo::yield_now();
    sum->fetch_add(n, std::memory_order_relaxed);
    done->release();
}

edo::task<> pong(edo::sync::oneshot_receiver<void> ping, edo::sync::oneshot_sender<void> answer) {
    const auto got = co_await ping;
    if (got) (void)answer.send();
}

edo::task<> ping(counter left, signal done) {
    auto [tx1, rx1] = edo::sync::oneshot<void>();
    auto [tx2, rx2] = edo::sync::oneshot<void>();
    edo::spawn(pong, std::move(rx1), std::move(tx2)).detach();
    (void)tx1.send();
    const auto got = co_await rx2;
    if (got && left->fetch_sub(1, std::memory_order_relaxed) == 1) done->release();
}

constexpr std::uint64_t pings = 1'000;

edo::task<> start_pings(counter left, signal done) {
    for (std::uint64_t i = 0; i < pings; ++i) edo::spawn(ping, left, done).detach();
    co_return;
}

edo::task<> wait_for_pings(counter left, signal done) {
    edo::spawn(start_pings, left, done).detach();
    done->acquire();
    co_return;
}

edo::task<> link_of_chain(counter count, signal done, std::uint64_t n) {
    count->fetch_add(1, std::memory_order_relaxed);
    if (n == 0) {
        done->release();
    } else {
        edo::spawn(link_of_chain, std::move(count), std::move(done), n - 1).detach();
    }
    co_return;
}

edo::task<> wait_for_chain(counter count, signal done, std::uint64_t n) {
    edo::spawn(link_of_chain, std::move(count), done, n).detach();
    done->acquire();
    co_return;
}

}  // namespace

void yield_many(measurement& m) {
    constexpr std::uint64_t yields = 1'000;
    constexpr std::uint64_t tasks = 200;
    auto rt = multi_thread();
    auto done = make_signal();
    auto sum = make_counter();
    m.repeat(yields * tasks, [&] {
        sum->store(0, std::memory_order_relaxed);
        for (std::uint64_t i = 0; i < tasks; ++i) rt.spawn(yield_often, yields, sum, done).detach();
        for (std::uint64_t i = 0; i < tasks; ++i) done->acquire();
        return sum->load(std::memory_order_relaxed);
    });
}

void ping_pong(measurement& m) {
    auto rt = multi_thread();
    auto left = make_counter();
    auto done = make_signal();
    m.repeat(pings, [&] {
        left->store(pings, std::memory_order_relaxed);
        rt.block_on(wait_for_pings(left, done));
        return left->load(std::memory_order_relaxed);
    });
}

void chained_spawn(measurement& m) {
    constexpr std::uint64_t links = 1'000;
    auto rt = multi_thread();
    auto count = make_counter();
    auto done = make_signal();
    m.repeat(links, [&] {
        count->store(0, std::memory_order_relaxed);
        rt.block_on(wait_for_chain(count, done, links));
        return count->load(std::memory_order_relaxed);
    });
}

}  // namespace compare
