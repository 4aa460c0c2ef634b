// The workloads, each with the name that it has in README.md.
#pragma once

#include "measure.hpp"

#include <edo/edo.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace scale {

using compare::measurement;
using compare::peak_resident_set;
using clock = measurement::clock;

/// What a run has computed and measured.
struct answer {
    std::uint64_t checksum;
    std::vector<std::pair<std::string, double>> figures;
};

/// The numbers on the command line.
using numbers = std::span<const std::uint64_t>;

// live_tasks.cpp
answer live_tasks(numbers n);

// timers.cpp
answer timer_cancel(numbers n);
answer timer_fire(numbers n);

// workers.cpp
answer spawn_many(numbers n);
answer skynet(numbers n);

// wake_latency.cpp
answer work(numbers n);
answer wake_latency(numbers n);

/// A multi-thread runtime with one worker: what an operation costs, not how two share it.
inline edo::runtime one_worker() { return edo::runtime::multi_thread().worker_threads(1).build(); }

/// The next pseudo-random number (xorshift64; Marsaglia, 2003); never 0 if `x` is not.
constexpr std::uint64_t step(std::uint64_t x) {
    x ^= x << 13;
    x ^= x >> 7;
    return x ^ (x << 17);
}

/// How long one of `n` took.
inline double nanoseconds_each(clock::duration time, std::uint64_t n) {
    return std::chrono::duration<double, std::nano>(time).count() / static_cast<double>(n);
}

}  // namespace scale
