// Closures in the blocking pool, in batches of 16.
#include "workloads.hpp"

namespace compare {

namespace {

constexpr std::uint64_t batches = 100;
constexpr std::uint64_t batch_size = 16;

edo::task<std::uint64_t> run_batches() {
    std::uint64_t sum = 0;
    for (std::uint64_t i = 0; i < batches; ++i) {
        edo::join_set<std::uint64_t> batch;
        for (std::uint64_t k = 0; k < batch_size; ++k) {
            batch.spawn_blocking([](std::uint64_t value) { return value; }, k);
        }
        const auto values = co_await batch.join_all();
        for (const std::uint64_t value : values) sum += value;
    }
    co_return sum;
}

edo::task<std::uint64_t> run_tasks(std::size_t n) {
    edo::join_set<std::uint64_t> tasks;
    for (std::size_t i = 0; i < n; ++i) tasks.spawn(run_batches);
    std::uint64_t sum = 0;
    const auto values = co_await tasks.join_all();
    for (const std::uint64_t value : values) sum += value;
    co_return sum;
}

void spawn_blocking(measurement& m, std::size_t tasks) {
    auto rt = multi_thread();
    m.repeat(batches * batch_size * tasks, [&] { return rt.block_on(run_tasks(tasks)); });
}

}  // namespace

void spawn_blocking_1(measurement& m) { spawn_blocking(m, 1); }
void spawn_blocking_2(measurement& m) { spawn_blocking(m, 2); }

}  // namespace compare
