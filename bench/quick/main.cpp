// edo_quick OPERATION N: runs an operation N times, on one thread, for callgrind to count. Without
// arguments it prints the names of the operations, with --compiler what it was built with.
#include "operations.hpp"

#include <charconv>
#include <cstdio>
#include <cstring>
#include <exception>
#include <string_view>
#include <utility>

namespace {

constexpr std::pair<std::string_view, quick::operation*> operations[] = {
    {"spawn_join", quick::spawn_join},
    {"join_set", quick::join_set},
    {"fork", quick::fork},
    {"yield", quick::yield},
    {"wake", quick::wake},
    {"oneshot", quick::oneshot},
    {"channel", quick::channel},
    {"channel_ready", quick::channel_ready},
    {"mutex", quick::mutex},
    {"semaphore", quick::semaphore},
    {"timer", quick::timer},
    {"timer_fired", quick::timer_fired},
};

#ifdef __x86_64__
constexpr const char* architecture = "x86_64";
#else
constexpr const char* architecture = "aarch64";
#endif

/// What a baseline is for.
void print_compiler() {
#ifdef __clang__
    std::printf("Clang %d.%d.%d, libstdc++ %d, %s\n", __clang_major__, __clang_minor__,
                __clang_patchlevel__, _GLIBCXX_RELEASE, architecture);
#else
    std::printf("GNU %d.%d.%d, %s\n", __GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__, architecture);
#endif
}

/// The operations must count `n`, or a count of instructions would say nothing.
int run(quick::operation* body, quick::count n) {
    auto rt = edo::runtime::current_thread().start_paused(true).build();
    const quick::count counted = rt.block_on(rt.spawn(body, n));
    if (counted == n) return 0;
    std::fprintf(stderr, "edo_quick: %llu operations instead of %llu\n",
                 static_cast<unsigned long long>(counted), static_cast<unsigned long long>(n));
    return 1;
}

}  // namespace

int main(int argc, char** argv) try {
    if (argc < 2) {
        for (const auto& [name, body] : operations) std::printf("%s\n", name.data());
        return 0;
    }
    if (argv[1] == std::string_view("--compiler")) {
        print_compiler();
        return 0;
    }
    for (const auto& [name, body] : operations) {
        if (name != argv[1] || argc < 3) continue;
        quick::count n = 0;
        std::from_chars(argv[2], argv[2] + std::strlen(argv[2]), n);
        return run(body, n);
    }
    std::fprintf(stderr, "edo_quick: no operation '%s', or no number\n", argv[1]);
    return 2;
} catch (const std::exception& e) {
    std::fprintf(stderr, "edo_quick: %s\n", e.what());
    return 1;
}
