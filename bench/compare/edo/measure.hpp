// Runs a workload again and again and says how long an operation took. tokio/src/measure.rs is the
// same in Rust.
#pragma once

#include <chrono>
#include <cstdint>
#include <fstream>
#include <functional>
#include <stdexcept>
#include <string>

namespace compare {

/// Worker threads of a multi-thread runtime, on both sides.
inline constexpr std::size_t workers = 2;

/// The compiler may not leave `value` out.
template <class T>
void keep(const T& value) {
    asm volatile("" : : "r"(&value) : "memory");
}

/// VmHWM of proc_pid_status(5), in bytes.
inline double peak_resident_set() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with("VmHWM:")) return std::stod(line.substr(6)) * 1024;
    }
    throw std::runtime_error("no VmHWM in /proc/self/status");
}

/// What one run of a workload took, and what it computed.
struct lap {
    std::chrono::nanoseconds time;
    std::uint64_t checksum;
};

class measurement {
public:
    using clock = std::chrono::steady_clock;

    /// A limit of 0 means: as many laps as fit into the time.
    explicit measurement(std::uint64_t limit) : limit_(limit) {}

    /// Laps that take their own time.
    void repeat_laps(std::uint64_t operations, const std::function<lap()>& run) {
        operations_ = operations;
        if (limit_ == 0) run_for(warm_up, run);
        laps_ = 0;
        time_ = {};
        run_for(measured, run);
    }
    /// Laps whose whole time counts. `run` returns the checksum.
    void repeat(std::uint64_t operations, const std::function<std::uint64_t()>& run) {
        repeat_laps(operations, [&run] {
            const auto begin = clock::now();
            const std::uint64_t checksum = run();
            return lap{clock::now() - begin, checksum};
        });
    }
    /// A figure that is not a time, for `operations` things.
    void report(std::uint64_t operations, double figure, std::uint64_t checksum) {
        operations_ = operations;
        checksum_ = checksum;
        laps_ = 1;
        figure_ = figure;
    }

    std::uint64_t operations() const { return operations_ * laps_; }
    std::uint64_t checksum() const { return checksum_; }
    /// Nanoseconds an operation, or the figure that was reported.
    double figure() const {
        return figure_ != 0
                   ? figure_
                   : static_cast<double>(time_.count()) / static_cast<double>(operations());
    }

private:
    static constexpr std::chrono::milliseconds warm_up{100};
    static constexpr std::chrono::milliseconds measured{400};

    void run_for(std::chrono::nanoseconds time, const std::function<lap()>& run) {
        const auto begin = clock::now();
        do {
            const lap done = run();
            if (laps_ + warmed_ > 0 && done.checksum != checksum_) {
                throw std::runtime_error("two laps do not have the same checksum");
            }
            checksum_ = done.checksum;
            time_ += done.time;
            ++laps_;
        } while (limit_ != 0 ? laps_ < limit_ : clock::now() - begin < time);
        warmed_ += laps_;
    }

    std::uint64_t limit_;
    std::uint64_t operations_ = 0;
    std::uint64_t laps_ = 0;
    std::uint64_t warmed_ = 0;
    std::uint64_t checksum_ = 0;
    std::chrono::nanoseconds time_{};
    double figure_ = 0;
};

}  // namespace compare
