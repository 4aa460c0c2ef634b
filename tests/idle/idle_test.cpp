// An idle program is idle: no processor time, no wake-ups. Release builds without a sanitizer only,
// and nothing else beside it.
#include <edo/edo.hpp>

#include <gtest/gtest.h>

#include <sys/resource.h>
#include <time.h>

#include <chrono>
#include <thread>

namespace {

using namespace std::chrono_literals;

constexpr auto observed = 2s;
constexpr auto most_cpu = 2ms;
constexpr long most_switches = 4;
constexpr int tasks = 1000;

/// What the process has used so far.
struct usage {
    std::chrono::nanoseconds cpu;
    long switches;  ///< voluntary ones: each is a sleep, and so a wake-up
};

usage used_now() {
    rusage all{};
    ::getrusage(RUSAGE_SELF, &all);
    timespec cpu{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
    return {std::chrono::seconds(cpu.tv_sec) + std::chrono::nanoseconds(cpu.tv_nsec), all.ru_nvcsw};
}

/// All tasks sleep beyond the time that is observed.
void expect_idle(edo::runtime_builder& builder) {
    auto rt = builder.build();
    for (int i = 0; i < tasks; ++i) {
        rt.spawn([]() -> edo::task<> { co_await edo::sleep_for(1h); }).detach();
    }
    std::thread driver([&] {  // a current-thread runtime runs here, a multi-thread one runs anyway
        auto wait = []() -> edo::task<> { co_await edo::sleep_for(observed + 2s); };
        rt.block_on(wait());
    });
    std::this_thread::sleep_for(500ms);  // the start is over
    const usage before = used_now();
    std::this_thread::sleep_for(observed);
    const usage after = used_now();
    EXPECT_LE(after.cpu - before.cpu, most_cpu);
    EXPECT_LE(after.switches - before.switches, most_switches);
    driver.join();
}

TEST(idle, a_multi_thread_runtime_whose_tasks_all_sleep) {
    auto builder = edo::runtime::multi_thread();
    builder.worker_threads(2);
    expect_idle(builder);
}

TEST(idle, a_multi_thread_runtime_with_a_lent_thread) {
    auto builder = edo::runtime::multi_thread();
    builder.worker_threads(2).lend_thread(true);
    expect_idle(builder);
}

TEST(idle, a_current_thread_runtime_whose_tasks_all_sleep) {
    auto builder = edo::runtime::current_thread();
    expect_idle(builder);
}

}  // namespace
