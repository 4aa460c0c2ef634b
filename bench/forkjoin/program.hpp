// What the two programs have in common: the command line, the clock and the line of JSON.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string_view>

namespace forkjoin {

/// What one run of a workload is asked for.
struct request {
    std::uint64_t size;
    std::uint64_t warm_up;  ///< the size of the run that nobody times
    std::size_t threads;
};

/// What it took, and what it computed.
struct outcome {
    std::chrono::nanoseconds time{};
    std::uint64_t operations = 0;
    std::uint64_t checksum = 0;
};

/// A workload, in one of the ways in which it can be written.
struct workload {
    std::string_view name;
    std::string_view variant;
    std::uint64_t size;   ///< what the table measures
    std::uint64_t small;  ///< takes a fraction of a second: for the warm-up and for checks
    outcome (*run)(const request&);
};

/// Runs once to warm up, then once against the clock. `run` takes a size and returns a checksum.
template <class Run>
outcome measure(const request& asked, std::uint64_t operations, Run run) {
    static_cast<void>(run(asked.warm_up));
    const auto begin = std::chrono::steady_clock::now();
    const std::uint64_t checksum = run(asked.size);
    return {std::chrono::steady_clock::now() - begin, operations, checksum};
}

/// Throws std::invalid_argument.
constexpr void require(bool holds, const char* otherwise) {
    if (!holds) throw std::invalid_argument(otherwise);
}

/// What main() does, and returns. `runtime`: what is measured, with its version.
int run_program(int argc, char** argv, const char* runtime, std::span<const workload> workloads);

}  // namespace forkjoin
