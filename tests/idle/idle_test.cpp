// An idle program is idle: no processor time, no wake-ups. One that is so most of the time wakes no more than it
// has to. Release builds without a sanitizer only, and nothing else beside it.
#include <edo/edo.hpp>

#include <gtest/gtest.h>

#include <sys/resource.h>
#include <time.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

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

using counter = std::shared_ptr<std::atomic<int>>;

edo::task<> count_up(counter n) {
    ++*n;
    co_return;
}

/// Its child goes through the slot, which wants a guard while another worker sleeps.
edo::task<> count_up_by_child(counter n) {
    auto child = edo::spawn(count_up, n);
    co_await child;
}

/// A guard beside which all have slept for half a millisecond is still there for the next one.
TEST(idle, a_task_in_half_a_millisecond_wakes_one_worker) {
    auto rt = edo::runtime::multi_thread().worker_threads(2).build();
    const auto metrics = rt.metrics();
    const auto parks_of_a_task = [&] {
        const auto parks = [&] {
            return metrics.worker_park_count(0) + metrics.worker_park_count(1);
        };
        const auto is_asleep = [&](unsigned i) {
            return metrics.worker_park_unpark_count(i) % 2 != 0;
        };
        const auto before = parks();
        auto n = std::make_shared<std::atomic<int>>(0);
        rt.spawn(count_up_by_child, n).detach();
        while (*n == 0 || !is_asleep(0) || !is_asleep(1)) { std::this_thread::yield(); }
        std::this_thread::sleep_for(500us);
        return parks() - before;
    };
    // The guard stays for 2 ms. Where the machine is busy a round may take longer, and the next ones start anew.
    std::vector<std::uint64_t> found;
    for (int i = 0, in_time = 0; i < 5'000 && found.size() < 50; ++i) {
        const auto start = std::chrono::steady_clock::now();
        const auto parks = parks_of_a_task();
        in_time = std::chrono::steady_clock::now() - start < 1500us ? in_time + 1 : 0;
        if (in_time > 5) { found.push_back(parks); }
    }
    if (found.size() < 50) { GTEST_SKIP() << "the machine is too busy"; }
    std::ranges::nth_element(found, found.begin() + 25);
    EXPECT_LT(found[25], 3U) << "the median; one, and at times the guard by its clock";
}

}  // namespace
