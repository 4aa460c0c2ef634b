// Several things at once within one task: join, select, timeout.
#include "workloads.hpp"

#include <utility>
#include <vector>

namespace compare {

namespace {

using namespace std::chrono_literals;
constexpr std::uint64_t times = 10'000;
constexpr std::uint64_t branches = 100;

edo::task<std::uint64_t> job() {
    co_await edo::yield_now();
    co_return 1;
}

edo::task<std::uint64_t> join_pairs() {
    std::uint64_t sum = 0;
    for (std::uint64_t i = 0; i < times; ++i) {
        const auto [a, b] = co_await edo::join(job(), job());
        sum += a + b;
    }
    co_return sum;
}

edo::task<std::uint64_t> join_hundreds() {
    std::uint64_t sum = 0;
    for (std::uint64_t i = 0; i < times / branches; ++i) {
        std::vector<edo::task<std::uint64_t>> jobs;
        jobs.reserve(branches);
        for (std::uint64_t j = 0; j < branches; ++j) jobs.push_back(job());
        const auto all = co_await edo::join_all(std::move(jobs));
        for (const std::uint64_t value : all) sum += value;
    }
    co_return sum;
}

/// The second branch takes a place in a queue and gives it up.
edo::task<std::uint64_t> select_pairs() {
    edo::sync::notify never;
    std::uint64_t sum = 0;
    for (std::uint64_t i = 0; i < times; ++i) {
        const auto first = co_await edo::select(job(), never.notified());
        if (first.index() == 0) sum += std::get<0>(first);
    }
    co_return sum;
}

edo::task<std::uint64_t> receive_ready() {
    auto [tx, rx] = edo::sync::mpsc_unbounded<std::uint64_t>();
    std::uint64_t sum = 0;
    for (std::uint64_t i = 0; i < times; ++i) {
        (void)tx.send(i);
        const auto got = co_await edo::timeout(1s, rx.recv());
        sum += got.value().value();
    }
    co_return sum;
}

edo::task<> echo(edo::sync::mpsc_receiver<std::uint64_t> rx,
                 edo::sync::mpsc_unbounded_sender<std::uint64_t> tx) {
    for (;;) {
        const auto got = co_await rx.recv();
        if (!got) break;
        (void)tx.send(*got);
    }
}

edo::task<std::uint64_t> receive_echoes() {
    auto [tx, there] = edo::sync::mpsc_unbounded<std::uint64_t>();
    auto [back, rx] = edo::sync::mpsc_unbounded<std::uint64_t>();
    edo::spawn(echo, std::move(there), std::move(back)).detach();
    std::uint64_t sum = 0;
    for (std::uint64_t i = 0; i < times; ++i) {
        (void)tx.send(i);
        const auto got = co_await edo::timeout(1s, rx.recv());
        sum += got.value().value();
    }
    co_return sum;
}

void in_a_task(measurement& m, edo::task<std::uint64_t> (*run)()) {
    auto rt = edo::runtime::current_thread().build();
    m.repeat(times, [&] { return rt.block_on(rt.spawn(run)); });
}

}  // namespace

void join_2(measurement& m) { in_a_task(m, join_pairs); }
void join_100(measurement& m) { in_a_task(m, join_hundreds); }
void select_2(measurement& m) { in_a_task(m, select_pairs); }
void timeout_recv_ready(measurement& m) { in_a_task(m, receive_ready); }
void timeout_recv_pending(measurement& m) { in_a_task(m, receive_echoes); }

}  // namespace compare
