// edo_compare WORKLOAD [LAPS]: runs one workload and prints a line of JSON. Without LAPS it runs as
// long as measure.hpp says; without arguments it prints the names of the workloads, with --compiler
// what it was built with.
#include "workloads.hpp"

#include <charconv>
#include <cstdio>
#include <cstring>
#include <exception>
#include <string_view>
#include <utility>

using namespace compare;

namespace {

constexpr std::pair<std::string_view, void (*)(measurement&)> workloads[] = {
    {"spawn_many_local", spawn_many_local},
    {"spawn_many_remote_idle", spawn_many_remote_idle},
    {"spawn_many_remote_busy1", spawn_many_remote_busy1},
    {"spawn_many_remote_busy2", spawn_many_remote_busy2},
    {"basic_scheduler_spawn", basic_scheduler_spawn},
    {"basic_scheduler_spawn10", basic_scheduler_spawn10},
    {"threaded_scheduler_spawn", threaded_scheduler_spawn},
    {"threaded_scheduler_spawn10", threaded_scheduler_spawn10},
    {"remote_spawn_1", remote_spawn_1},
    {"remote_spawn_2", remote_spawn_2},
    {"spawn_and_await", spawn_and_await},
    {"spawn_10k_await_all", spawn_10k_await_all},
    {"block_on_spawn_and_await", block_on_spawn_and_await},
    {"yield_many", yield_many},
    {"ping_pong", ping_pong},
    {"chained_spawn", chained_spawn},
    {"spawn_blocking_1", spawn_blocking_1},
    {"spawn_blocking_2", spawn_blocking_2},
    {"single_thread_timeout", single_thread_timeout},
    {"multi_thread_timeout", multi_thread_timeout},
    {"single_thread_sleep", single_thread_sleep},
    {"multi_thread_sleep", multi_thread_sleep},
    {"single_thread_registered", single_thread_registered},
    {"multi_thread_registered", multi_thread_registered},
    {"mpsc_create", mpsc_create},
    {"mpsc_create_1", mpsc_create_1},
    {"mpsc_create_100000", mpsc_create_100000},
    {"mpsc_send_medium", mpsc_send_medium},
    {"mpsc_send_large", mpsc_send_large},
    {"mpsc_uncontended", mpsc_uncontended},
    {"mpsc_uncontended_unbounded", mpsc_uncontended_unbounded},
    {"mpsc_contention", mpsc_contention},
    {"mpsc_contention_full", mpsc_contention_full},
    {"mpsc_contention_unbounded", mpsc_contention_unbounded},
    {"mpsc_recv_many", mpsc_recv_many},
    {"request_reply", request_reply},
    {"request_reply_multi", request_reply_multi},
    {"watch_10", watch_10},
    {"watch_100", watch_100},
    {"watch_500", watch_500},
    {"watch_1000", watch_1000},
    {"broadcast_10", broadcast_10},
    {"broadcast_100", broadcast_100},
    {"broadcast_500", broadcast_500},
    {"broadcast_1000", broadcast_1000},
    {"rwlock_read", rwlock_read},
    {"rwlock_uncontended", rwlock_uncontended},
    {"rwlock_uncontended_multi", rwlock_uncontended_multi},
    {"rwlock_contended", rwlock_contended},
    {"rwlock_contended_multi", rwlock_contended_multi},
    {"semaphore_uncontended", semaphore_uncontended},
    {"semaphore_uncontended_concurrent", semaphore_uncontended_concurrent},
    {"semaphore_uncontended_concurrent_multi", semaphore_uncontended_concurrent_multi},
    {"semaphore_concurrent", semaphore_concurrent},
    {"semaphore_concurrent_multi", semaphore_concurrent_multi},
    {"notify_waiters_10", notify_waiters_10},
    {"notify_waiters_50", notify_waiters_50},
    {"notify_waiters_100", notify_waiters_100},
    {"notify_waiters_200", notify_waiters_200},
    {"notify_waiters_500", notify_waiters_500},
    {"notify_one_10", notify_one_10},
    {"notify_one_50", notify_one_50},
    {"notify_one_100", notify_one_100},
    {"notify_one_200", notify_one_200},
    {"notify_one_500", notify_one_500},
    {"cancellation_token_1000", cancellation_token_1000},
    {"join_2", join_2},
    {"join_100", join_100},
    {"select_2", select_2},
    {"timeout_recv_ready", timeout_recv_ready},
    {"timeout_recv_pending", timeout_recv_pending},
    {"join_set", join_set},
    {"local_set", local_set},
    {"fib", fib},
    {"skynet", skynet},
    {"sleeping_tasks", sleeping_tasks},
};

#ifdef __clang__
constexpr const char* compiler = __VERSION__;
#else
constexpr const char* compiler = "GCC " __VERSION__;
#endif

}  // namespace

int main(int argc, char** argv) try {
    if (argc < 2) {
        for (const auto& [name, run] : workloads) std::printf("%s\n", name.data());
        return 0;
    }
    if (argv[1] == std::string_view("--compiler")) {
        std::puts(compiler);
        return 0;
    }
    std::uint64_t limit = 0;
    if (argc > 2) std::from_chars(argv[2], argv[2] + std::strlen(argv[2]), limit);
    for (const auto& [name, run] : workloads) {
        if (name != argv[1]) continue;
        measurement m(limit);
        run(m);
        std::printf(
            "{\"workload\": \"%s\", \"operations\": %llu, \"checksum\": %llu, "
            "\"figure\": %.3f}\n",
            name.data(), static_cast<unsigned long long>(m.operations()),
            static_cast<unsigned long long>(m.checksum()), m.figure());
        return 0;
    }
    std::fprintf(stderr, "edo_compare: no workload '%s'\n", argv[1]);
    return 2;
} catch (const std::exception& e) {
    std::fprintf(stderr, "edo_compare: %s\n", e.what());
    return 1;
}
