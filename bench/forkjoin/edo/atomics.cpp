// locked_add: what an atomic addition costs on this machine that no other thread gets in the way of. The
// figures of the other workloads scale with it.
#include "workloads.hpp"

#include <atomic>

namespace forkjoin {

outcome locked_add(const request& asked) {
    std::atomic<std::uint64_t> word{0};
    return measure(asked, asked.size, [&](std::uint64_t times) {
        word.store(0, std::memory_order_relaxed);
        std::uint64_t sum = 0;  // of the values before: so it is an xadd
        for (std::uint64_t i = 0; i < times; ++i)
            sum += word.fetch_add(1, std::memory_order_relaxed);
        return sum;
    });
}

}  // namespace forkjoin
