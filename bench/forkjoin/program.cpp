// PROGRAM WORKLOAD [SIZE] [--variant NAME] [--threads N]: runs a workload and prints a line of JSON.
// Without arguments it prints the workloads (name, variant, sizes), with --about what it measures.
#include "program.hpp"

#include <charconv>
#include <cstdio>
#include <exception>
#include <fstream>
#include <string>

namespace forkjoin {

namespace {

#ifdef __clang__
constexpr const char* compiler = __VERSION__;
#else
constexpr const char* compiler = "GCC " __VERSION__;
#endif

/// What the command line says.
struct command {
    std::string_view name;
    std::string_view variant;  ///< empty: the first one
    std::uint64_t size = 0;    ///< 0: as the table
    std::size_t threads = 2;
};

std::uint64_t number(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    require(error == std::errc() && end == text.data() + text.size() && value > 0,
            "a number above 0 is missing");
    return value;
}

command parse(std::span<char*> arguments) {
    command asked;
    asked.name = arguments.front();
    for (std::size_t i = 1; i < arguments.size(); ++i) {
        const std::string_view word = arguments[i];
        if (!word.starts_with("--")) {
            asked.size = number(word);
            continue;
        }
        require(++i < arguments.size(), "an option lacks its value");
        require(word == "--variant" || word == "--threads", "no such option");
        if (word == "--variant") {
            asked.variant = arguments[i];
        } else {
            asked.threads = number(arguments[i]);
        }
    }
    return asked;
}

const workload& find(std::span<const workload> workloads, const command& asked) {
    for (const workload& one : workloads) {
        if (one.name != asked.name) continue;
        if (asked.variant.empty() || one.variant == asked.variant) return one;
    }
    throw std::invalid_argument("no such workload, or not in this variant");
}

/// VmHWM of proc_pid_status(5), in bytes. Not ru_maxrss: on Linux that begins with the peak of the process
/// that called exec, which is a Python here.
std::uint64_t peak_resident_set() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with("VmHWM:")) return std::stoull(line.substr(6)) * 1024;
    }
    throw std::runtime_error("no VmHWM in /proc/self/status");
}

void print(const workload& what, const request& asked, const outcome& done) {
    const std::chrono::duration<double> seconds = done.time;
    std::printf(
        "{\"workload\": \"%s\", \"variant\": \"%s\", \"size\": %llu, \"threads\": %zu, "
        "\"seconds\": %.6f, \"operations\": %llu, \"figure\": %.3f, \"checksum\": %llu, "
        "\"peak_rss\": %llu}\n",
        what.name.data(), what.variant.data(), static_cast<unsigned long long>(asked.size),
        asked.threads, seconds.count(), static_cast<unsigned long long>(done.operations),
        static_cast<double>(done.time.count()) / static_cast<double>(done.operations),
        static_cast<unsigned long long>(done.checksum),
        static_cast<unsigned long long>(peak_resident_set()));
}

void run_one(std::span<char*> arguments, std::span<const workload> workloads) {
    const command asked = parse(arguments);
    const workload& what = find(workloads, asked);
    const request wanted{.size = asked.size != 0 ? asked.size : what.size,
                         .warm_up = what.small,
                         .threads = asked.threads};
    print(what, wanted, what.run(wanted));
}

}  // namespace

int run_program(int argc, char** argv, const char* runtime,
                std::span<const workload> workloads) try {
    const std::span arguments(argv, static_cast<std::size_t>(argc));
    if (argc < 2) {
        for (const workload& one : workloads) {
            std::printf("%s %s %llu %llu\n", one.name.data(), one.variant.data(),
                        static_cast<unsigned long long>(one.size),
                        static_cast<unsigned long long>(one.small));
        }
    } else if (arguments[1] == std::string_view("--about")) {
        std::printf("%s with %s\n", runtime, compiler);
    } else {
        run_one(arguments.subspan(1), workloads);
    }
    return 0;
} catch (const std::exception& e) {
    std::fprintf(stderr, "%s: %s\n", argv[0], e.what());
    return 1;
}

}  // namespace forkjoin
