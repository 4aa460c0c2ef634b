// Timeouts and sleeps that never fire: made and dropped, and registered and dropped.
#include "workloads.hpp"

#include <vector>

namespace compare {

namespace {

using namespace std::chrono_literals;
constexpr std::uint64_t times = 10'000;

edo::task<std::uint64_t> quick_job() { co_return 1; }

edo::task<std::uint64_t> slower_job() {
    co_await edo::yield_now();
    co_return 1;
}

template <edo::task<std::uint64_t> (*Job)()>
edo::task<std::uint64_t> timeouts(std::uint64_t n) {
    std::uint64_t sum = 0;
    for (std::uint64_t i = 0; i < n; ++i) {
        const auto value = co_await edo::timeout(1s, Job());
        sum += *value;
    }
    co_return sum;
}

edo::task<std::uint64_t> sleeps(std::uint64_t n) {
    std::uint64_t made = 0;
    for (std::uint64_t i = 0; i < n; ++i) {
        const auto dropped = edo::sleep_for(1s);
        keep(dropped);
        ++made;
    }
    co_return made;
}

using job = edo::task<std::uint64_t>(std::uint64_t);

edo::task<std::uint64_t> on_tasks(job* run, std::size_t tasks) {
    std::vector<edo::join_handle<std::uint64_t>> all;
    all.reserve(tasks);
    for (std::size_t i = 0; i < tasks; ++i) all.push_back(edo::spawn(run, times / tasks));
    std::uint64_t sum = 0;
    for (auto& handle : all) {
        const std::uint64_t value = co_await handle;
        sum += value;
    }
    co_return sum;
}

void single_thread(measurement& m, job* run) {
    auto rt = edo::runtime::current_thread().build();
    m.repeat(times, [&] { return rt.block_on(on_tasks(run, 1)); });
}

void multi_thread(measurement& m, job* run) {
    auto rt = compare::multi_thread();
    m.repeat(times, [&] { return rt.block_on(on_tasks(run, workers)); });
}

}  // namespace

void single_thread_timeout(measurement& m) { single_thread(m, timeouts<quick_job>); }
void multi_thread_timeout(measurement& m) { multi_thread(m, timeouts<quick_job>); }
void single_thread_sleep(measurement& m) { single_thread(m, sleeps); }
void multi_thread_sleep(measurement& m) { multi_thread(m, sleeps); }
void single_thread_registered(measurement& m) { single_thread(m, timeouts<slower_job>); }
void multi_thread_registered(measurement& m) { multi_thread(m, timeouts<slower_job>); }

}  // namespace compare
