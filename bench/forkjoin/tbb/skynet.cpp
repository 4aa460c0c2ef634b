// skynet: a tree with ten children at each inner node, whose leaves give their number.
#include "../sizes.hpp"
#include "workloads.hpp"

#include <tbb/parallel_invoke.h>
#include <tbb/task_group.h>

#include <array>
#include <numeric>
#include <utility>

namespace forkjoin {

namespace {

constexpr std::size_t children = 10;
using sums = std::array<std::uint64_t, children>;

std::uint64_t total(const sums& of) {
    return std::accumulate(of.begin(), of.end(), std::uint64_t{0});
}

std::uint64_t by_group(std::uint64_t first, std::uint64_t leaves) {
    if (leaves == 1) return first;
    const std::uint64_t each = leaves / children;
    sums of;
    const auto child = [&of, first, each](std::size_t i) {
        return [&of, first, each, i] { of[i] = by_group(first + i * each, each); };
    };
    tbb::task_group group;
    for (std::size_t i = 0; i + 1 < children; ++i) group.run(child(i));
    group.run_and_wait(child(children - 1));
    return total(of);
}

std::uint64_t by_invoke(std::uint64_t first, std::uint64_t leaves) {
    if (leaves == 1) return first;
    const std::uint64_t each = leaves / children;
    sums of;
    [&]<std::size_t... I>(std::index_sequence<I...>) {
        tbb::parallel_invoke([&of, first, each] { of[I] = by_invoke(first + I * each, each); }...);
    }(std::make_index_sequence<children>());
    return total(of);
}

outcome skynet(const request& asked, std::uint64_t (*root)(std::uint64_t, std::uint64_t)) {
    auto arena = make_arena(asked);
    return measure(asked, skynet_tasks(asked.size), [&](std::uint64_t leaves) {
        return arena.execute([&] { return root(0, leaves); });
    });
}

}  // namespace

outcome skynet_task_group(const request& asked) { return skynet(asked, by_group); }
outcome skynet_parallel_invoke(const request& asked) { return skynet(asked, by_invoke); }

}  // namespace forkjoin
