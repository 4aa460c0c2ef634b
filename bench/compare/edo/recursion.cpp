// Trees of tasks: each inner task spawns its children and awaits them.
#include "workloads.hpp"

#include <vector>

namespace compare {

namespace {

edo::task<std::uint64_t> fib_task(std::uint64_t n) {
    if (n < 2) co_return n;
    auto left = edo::spawn(fib_task, n - 1);
    auto right = edo::spawn(fib_task, n - 2);
    const std::uint64_t a = co_await left;
    const std::uint64_t b = co_await right;
    co_return a + b;
}

edo::task<std::uint64_t> skynet_task(std::uint64_t first, std::uint64_t size) {
    if (size == 1) co_return first;
    std::vector<edo::join_handle<std::uint64_t>> children;
    children.reserve(10);
    for (std::uint64_t i = 0; i < 10; ++i) {
        children.push_back(edo::spawn(skynet_task, first + i * (size / 10), size / 10));
    }
    std::uint64_t sum = 0;
    for (auto& child : children) {
        const std::uint64_t value = co_await child;
        sum += value;
    }
    co_return sum;
}

}  // namespace

void fib(measurement& m) {
    auto rt = multi_thread();
    constexpr std::uint64_t tasks = 242'785;  // of fib(25)
    m.repeat(tasks, [&] { return rt.block_on(rt.spawn(fib_task, 25U)); });
}

void skynet_on(measurement& m, std::size_t n_workers, std::uint64_t leaves) {
    auto rt = multi_thread(n_workers);
    const std::uint64_t tasks = (10 * leaves - 1) / 9;
    m.repeat(tasks, [&] { return rt.block_on(rt.spawn(skynet_task, 0U, leaves)); });
}
void skynet(measurement& m) { skynet_on(m, workers, 1'000'000); }

}  // namespace compare
