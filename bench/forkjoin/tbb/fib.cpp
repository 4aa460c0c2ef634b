// fib: each call forks its two children.
#include "../sizes.hpp"
#include "workloads.hpp"

#include <tbb/parallel_invoke.h>
#include <tbb/task_group.h>

namespace forkjoin {

namespace {

std::uint64_t by_group(std::uint64_t n) {
    if (n < 2) return n;
    std::uint64_t a = 0, b = 0;
    tbb::task_group group;
    group.run([&a, n] { a = by_group(n - 1); });
    group.run_and_wait([&b, n] { b = by_group(n - 2); });
    return a + b;
}

std::uint64_t by_invoke(std::uint64_t n) {
    if (n < 2) return n;
    std::uint64_t a = 0, b = 0;
    tbb::parallel_invoke([&a, n] { a = by_invoke(n - 1); }, [&b, n] { b = by_invoke(n - 2); });
    return a + b;
}

outcome fib(const request& asked, std::uint64_t (*root)(std::uint64_t n)) {
    auto arena = make_arena(asked);
    return measure(asked, fib_forks(asked.size),
                   [&](std::uint64_t n) { return arena.execute([&] { return root(n); }); });
}

}  // namespace

outcome fib_task_group(const request& asked) { return fib(asked, by_group); }
outcome fib_parallel_invoke(const request& asked) { return fib(asked, by_invoke); }

}  // namespace forkjoin
