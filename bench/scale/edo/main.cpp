// edo_scale WORKLOAD NUMBER...: runs one workload and prints a line of JSON. Without arguments it
// prints the workloads and what their numbers mean, with --compiler what it was built with.
#include "scale.hpp"

#include <charconv>
#include <cstdio>
#include <cstring>
#include <exception>
#include <string_view>

using namespace scale;

namespace {

struct entry {
    std::string_view name;
    const char* meaning;  ///< of its numbers
    std::size_t count;
    answer (*run)(numbers);
};

// LAPS 0: as many as fit into the time.
constexpr entry workloads[] = {
    {"live_tasks", "TASKS LAPS", 2, live_tasks},
    {"timer_cancel", "TIMERS OPERATIONS", 2, timer_cancel},
    {"timer_fire", "TIMERS OPERATIONS", 2, timer_fire},
    {"spawn_many", "WORKERS TASKS LAPS", 3, spawn_many},
    {"skynet", "WORKERS LEAVES LAPS", 3, skynet},
    {"work", "STEPS", 1, work},
    {"wake_latency", "WORKERS INTERVAL_NS EVENTS STEPS", 4, wake_latency},
};

#ifdef __clang__
constexpr const char* compiler = __VERSION__;
#else
constexpr const char* compiler = "GCC " __VERSION__;
#endif

void print(std::string_view workload, const answer& found) {
    std::printf("{\"workload\": \"%s\", \"checksum\": %llu", workload.data(),
                static_cast<unsigned long long>(found.checksum));
    for (const auto& [name, value] : found.figures) {
        std::printf(", \"%s\": %.3f", name.c_str(), value);
    }
    std::puts("}");
}

}  // namespace

int main(int argc, char** argv) try {
    if (argc == 2 && argv[1] == std::string_view("--compiler")) {
        std::puts(compiler);
        return 0;
    }
    std::vector<std::uint64_t> given;
    for (int i = 2; i < argc; ++i) {
        const char* end = argv[i] + std::strlen(argv[i]);
        if (std::from_chars(argv[i], end, given.emplace_back()).ptr != end) given.clear();
    }
    for (const entry& workload : workloads) {
        if (argc > 1 && workload.name == argv[1] && given.size() == workload.count) {
            print(workload.name, workload.run(given));
            return 0;
        }
    }
    for (const entry& workload : workloads) {
        std::printf("%s %s\n", workload.name.data(), workload.meaning);
    }
    return argc < 2 ? 0 : 2;
} catch (const std::exception& e) {
    std::fprintf(stderr, "edo_scale: %s\n", e.what());
    return 1;
}
