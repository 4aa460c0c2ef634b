// Bytes a sleeping task: the growth of the peak resident set over 1,000,000 tasks asleep.
#include "workloads.hpp"

#include <atomic>

namespace compare {

namespace {

constexpr std::uint64_t tasks = 1'000'000;

std::atomic<std::uint64_t> asleep{0};

constexpr auto sleep_long = []() -> edo::task<> {
    asleep.fetch_add(1, std::memory_order_relaxed);
    co_await edo::sleep_for(std::chrono::hours(1));
};

edo::task<> spawn_sleepers() {
    for (std::uint64_t i = 0; i < tasks; ++i) edo::spawn(sleep_long).detach();
    while (asleep.load(std::memory_order_relaxed) != tasks) co_await edo::yield_now();
}

}  // namespace

void sleeping_tasks(measurement& m) {
    auto rt = multi_thread();
    rt.block_on(rt.spawn(nothing));
    const double before = peak_resident_set();
    rt.block_on(rt.spawn(spawn_sleepers));
    m.report(tasks, (peak_resident_set() - before) / static_cast<double>(tasks),
             asleep.load(std::memory_order_relaxed));
    rt.shutdown_background();
}

}  // namespace compare
