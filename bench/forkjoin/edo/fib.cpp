// fib: each call forks its two children.
#include "../sizes.hpp"
#include "workloads.hpp"

namespace forkjoin {

namespace {

edo::task<std::uint64_t> fib_task(std::uint64_t n) {
    if (n < 2) co_return n;
    const auto [a, b] = co_await edo::fork_join(fib_task(n - 1), fib_task(n - 2));
    co_return a + b;
}

}  // namespace

outcome fib(const request& asked) {
    auto rt = make_runtime(asked);
    return measure(asked, fib_forks(asked.size),
                   [&](std::uint64_t n) { return rt.block_on(rt.spawn(fib_task, n)); });
}

}  // namespace forkjoin
