// What a spawn costs, from tasks, from threads, into idle and busy runtimes.
#include "workloads.hpp"

#include <barrier>
#include <thread>
#include <utility>
#include <vector>

namespace compare {

namespace {

constexpr std::uint64_t many = 10'000;
using handles = std::vector<edo::join_handle<void>>;

edo::task<std::uint64_t> await_all(handles& all) {
    std::uint64_t done = 0;
    for (auto& handle : all) {
        co_await handle;
        ++done;
    }
    all.clear();
    co_return done;
}

edo::task<> count_down(counter left, signal done) {
    if (left->fetch_sub(1, std::memory_order_relaxed) == 1) done->release();
    co_return;
}

edo::task<> spawn_counted(counter left, signal done) {
    for (std::uint64_t i = 0; i < many; ++i) edo::spawn(count_down, left, done).detach();
    done->acquire();
    co_return;
}

/// Spawns from this thread, then awaits all.
std::uint64_t spawn_and_collect(edo::runtime& rt, handles& all, std::uint64_t n) {
    for (std::uint64_t i = 0; i < n; ++i) all.push_back(rt.spawn(nothing));
    return rt.block_on(await_all(all));
}

void stall() {
    const auto end = measurement::clock::now() + std::chrono::microseconds(10);
    while (measurement::clock::now() < end) std::this_thread::yield();
}

using flag = std::shared_ptr<std::atomic<bool>>;

edo::task<> yield_busily(flag go_on) {
    while (go_on->load(std::memory_order_relaxed)) {
        co_await edo::yield_now();
        stall();
    }
}

edo::task<> spawn_busily(flag go_on) {
    if (go_on->load(std::memory_order_relaxed)) {
        stall();
        edo::spawn(spawn_busily, std::move(go_on)).detach();
    }
    co_return;
}

void into_busy(measurement& m, edo::task<> (*busy)(flag), std::size_t tasks, std::uint64_t n) {
    auto rt = multi_thread();
    handles all;
    all.reserve(n);
    auto go_on = std::make_shared<std::atomic<bool>>(true);
    for (std::size_t i = 0; i < tasks; ++i) rt.spawn(busy, go_on).detach();
    m.repeat(n, [&] { return spawn_and_collect(rt, all, n); });
    go_on->store(false, std::memory_order_relaxed);
}

edo::task<std::uint64_t> work() {
    co_await edo::yield_now();
    co_return 2;
}

edo::task<std::uint64_t> spawn_one() {
    auto handle = edo::spawn(work);
    const std::uint64_t value = co_await handle;
    co_return value;
}

edo::task<std::uint64_t> spawn_ten() {
    std::vector<edo::join_handle<std::uint64_t>> all;
    all.reserve(10);
    for (int i = 0; i < 10; ++i) all.push_back(edo::spawn(work));
    std::uint64_t sum = 0;
    for (auto& handle : all) {
        const std::uint64_t value = co_await handle;
        sum += value;
    }
    co_return sum;
}

edo::runtime current_thread() { return edo::runtime::current_thread().build(); }

void remote_spawn(measurement& m, std::size_t threads) {
    constexpr std::uint64_t total = 12'800;
    auto rt = multi_thread();
    m.repeat_laps(total, [&] {
        std::vector<handles> parts(threads);
        std::barrier together(static_cast<std::ptrdiff_t>(threads));
        const auto begin = measurement::clock::now();
        {
            std::vector<std::jthread> spawners;
            for (auto& part : parts) {
                spawners.emplace_back([&rt, &part, &together, n = total / threads] {
                    part.reserve(n);
                    together.arrive_and_wait();
                    for (std::uint64_t i = 0; i < n; ++i) part.push_back(rt.spawn(nothing));
                });
            }
        }
        const auto time = measurement::clock::now() - begin;
        std::uint64_t done = 0;
        for (auto& part : parts) done += rt.block_on(await_all(part));
        return lap{time, done};
    });
}

edo::task<std::uint64_t> one_at_a_time(std::uint64_t n) {
    std::uint64_t sum = 0;
    for (std::uint64_t i = 0; i < n; ++i) {
        auto handle =
            edo::spawn([](std::uint64_t value) -> edo::task<std::uint64_t> { co_return value; }, i);
        const std::uint64_t value = co_await handle;
        sum += value;
    }
    co_return sum;
}

edo::task<std::uint64_t> all_at_once(std::uint64_t n) {
    handles all;
    all.reserve(n);
    for (std::uint64_t i = 0; i < n; ++i) all.push_back(edo::spawn(nothing));
    const std::uint64_t done = co_await await_all(all);
    co_return done;
}

}  // namespace

void spawn_many_local(measurement& m) {
    auto rt = multi_thread();
    auto left = make_counter();
    auto done = make_signal();
    m.repeat(many, [&] {
        left->store(many, std::memory_order_relaxed);
        rt.block_on(spawn_counted(left, done));
        return left->load(std::memory_order_relaxed);
    });
}

void spawn_many_remote_idle(measurement& m) {
    auto rt = multi_thread();
    handles all;
    all.reserve(many);
    m.repeat(many, [&] { return spawn_and_collect(rt, all, many); });
}

void spawn_many_remote_busy1(measurement& m) { into_busy(m, yield_busily, 2 * workers, many); }
void spawn_many_remote_busy2(measurement& m) { into_busy(m, spawn_busily, workers, 1'000); }

void basic_scheduler_spawn(measurement& m) {
    auto rt = current_thread();
    m.repeat(1, [&] { return rt.block_on(spawn_one()); });
}
void basic_scheduler_spawn10(measurement& m) {
    auto rt = current_thread();
    m.repeat(10, [&] { return rt.block_on(spawn_ten()); });
}
void threaded_scheduler_spawn(measurement& m) {
    auto rt = multi_thread(1);
    m.repeat(1, [&] { return rt.block_on(spawn_one()); });
}
void threaded_scheduler_spawn10(measurement& m) {
    auto rt = multi_thread(1);
    m.repeat(10, [&] { return rt.block_on(spawn_ten()); });
}

void remote_spawn_1(measurement& m) { remote_spawn(m, 1); }
void remote_spawn_2(measurement& m) { remote_spawn(m, 2); }

void spawn_and_await(measurement& m) {
    auto rt = multi_thread();
    m.repeat(many, [&] { return rt.block_on(rt.spawn(one_at_a_time, many)); });
}
void spawn_and_await_on(measurement& m, std::size_t n_workers, std::uint64_t tasks) {
    auto rt = multi_thread(n_workers);
    m.repeat(tasks, [&] { return rt.block_on(rt.spawn(all_at_once, tasks)); });
}
void spawn_10k_await_all(measurement& m) { spawn_and_await_on(m, workers, many); }
void block_on_spawn_and_await(measurement& m) {
    auto rt = edo::runtime::multi_thread().worker_threads(workers).lend_thread(true).build();
    m.repeat(1'000, [&] { return rt.block_on(one_at_a_time(1'000)); });
}

}  // namespace compare
