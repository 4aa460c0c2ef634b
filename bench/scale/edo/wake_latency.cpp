// How long a task waits from its wake to its turn. ../tokio/wake_latency.rs is the same in Rust.
#include "scale.hpp"

#include <algorithm>
#include <utility>

namespace scale {

namespace {

/// Each has a channel for its wakes.
constexpr std::uint64_t tasks = 1'000;
/// One event in so many comes too early to count.
constexpr std::uint64_t warm_up = 10;

/// What a task does in its turn.
std::uint64_t compute(std::uint64_t seed, std::uint64_t steps) {
    std::uint64_t x = seed + 1;
    for (std::uint64_t i = 0; i < steps; ++i) x = step(x);
    return x;
}

/// What a task has seen; all times in nanoseconds.
struct record {
    std::vector<std::uint64_t> latencies;
    std::uint64_t sum = 0;
    std::uint64_t busy = 0;
};

std::uint64_t since(clock::time_point start) {
    return static_cast<std::uint64_t>(std::chrono::nanoseconds(clock::now() - start).count());
}

/// An event is its scheduled time after `start`.
edo::task<record> serve(edo::sync::mpsc_receiver<std::uint64_t> events, clock::time_point start,
                        std::uint64_t steps) {
    record seen;
    seen.latencies.reserve(1'000);
    for (;;) {
        const auto event = co_await events.recv();
        const std::uint64_t woken = since(start);
        if (!event) break;
        seen.latencies.push_back(woken - *event);
        seen.sum += compute(*event, steps);
        seen.busy += since(start) - woken;
    }
    co_return seen;
}

/// Scheduled times: the gaps lie between 0 and twice the interval.
std::vector<std::uint64_t> make_schedule(std::uint64_t interval, std::uint64_t events) {
    std::vector<std::uint64_t> schedule;
    schedule.reserve(events);
    std::uint64_t time = 0;
    std::uint64_t random = 1;
    for (std::uint64_t i = 0; i < events; ++i) {
        random = step(random);
        time += random % (2 * interval);
        schedule.push_back(time);
    }
    return schedule;
}

double percentile(std::vector<std::uint64_t>& sorted, double percent) {
    const double rank = percent / 100 * static_cast<double>(sorted.size());
    return static_cast<double>(sorted[std::min(static_cast<std::size_t>(rank), sorted.size() - 1)]);
}

/// Without what came during the warm-up.
void append(std::vector<std::uint64_t>& all, const std::vector<std::uint64_t>& some) {
    all.insert(all.end(), some.begin() + static_cast<std::ptrdiff_t>(some.size() / warm_up),
               some.end());
}

}  // namespace

/// How long a turn computes.
answer work(numbers n) {
    constexpr std::uint64_t times = 20'000;
    std::uint64_t sum = 0;
    const auto begin = clock::now();
    for (std::uint64_t i = 0; i < times; ++i) sum += compute(sum, n[0]);
    return {sum, {{"work", nanoseconds_each(clock::now() - begin, times)}}};
}

/// The calling thread wakes one task after the other at the scheduled times, all of which it waits for
/// awake.
answer wake_latency(numbers n) {
    const std::uint64_t workers = n[0];
    const std::vector<std::uint64_t> schedule = make_schedule(n[1], n[2]);
    auto rt = edo::runtime::multi_thread().worker_threads(workers).build();
    const clock::time_point start = clock::now() + std::chrono::milliseconds(50);
    std::vector<edo::sync::mpsc_unbounded_sender<std::uint64_t>> senders;
    std::vector<edo::join_handle<record>> handles;
    for (std::uint64_t i = 0; i < tasks; ++i) {
        auto [sender, receiver] = edo::sync::mpsc_unbounded<std::uint64_t>();
        senders.push_back(std::move(sender));
        handles.push_back(rt.spawn(serve, std::move(receiver), start, n[3]));
    }
    std::vector<std::uint64_t> late;  // the source itself
    late.reserve(schedule.size());
    for (std::size_t i = 0; i < schedule.size(); ++i) {
        while (clock::now() < start + std::chrono::nanoseconds(schedule[i])) {
            edo::detail::cpu_relax();
        }
        late.push_back(since(start) - schedule[i]);
        (void)senders[i % tasks].send(schedule[i]);
    }
    senders.clear();
    std::vector<std::uint64_t> latencies;
    std::uint64_t sum = 0;
    std::uint64_t busy = 0;
    for (auto& handle : handles) {
        const record seen = rt.block_on(std::move(handle));
        append(latencies, seen.latencies);
        sum += seen.sum;
        busy += seen.busy;
    }
    std::ranges::sort(latencies);
    std::ranges::sort(late);
    const auto time = static_cast<double>(schedule.back() * workers);
    return {sum,
            {{"p50", percentile(latencies, 50)},
             {"p99", percentile(latencies, 99)},
             {"p99.9", percentile(latencies, 99.9)},
             {"p99.99", percentile(latencies, 99.99)},
             {"load", static_cast<double>(busy) / time},
             {"source p99.9", percentile(late, 99.9)}}};
}

}  // namespace scale
