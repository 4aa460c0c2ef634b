// skynet: a tree with ten children at each inner node, whose leaves give their number.
#include "../sizes.hpp"
#include "workloads.hpp"

#include <array>
#include <tuple>

namespace forkjoin {

namespace {

constexpr std::size_t children = 10;
using numbers = edo::task<std::uint64_t>;

/// All ten children in one fork.
numbers ten(std::uint64_t first, std::uint64_t leaves);

template <std::size_t... I>
auto fork_ten(std::uint64_t first, std::uint64_t leaves, std::index_sequence<I...>) {
    return edo::fork_join(ten(first + I * leaves, leaves)...);
}

numbers ten(std::uint64_t first, std::uint64_t leaves) {
    if (leaves == 1) co_return first;
    const auto sums =
        co_await fork_ten(first, leaves / children, std::make_index_sequence<children>());
    co_return std::apply([](auto... sum) { return (sum + ...); }, sums);
}

/// A fork has two children: the ten are halved until they are one.
numbers node(std::uint64_t first, std::uint64_t leaves);
numbers halves(std::uint64_t first, std::uint64_t leaves, std::uint64_t n);

numbers some(std::uint64_t first, std::uint64_t leaves, std::uint64_t n) {
    return n == 1 ? node(first, leaves) : halves(first, leaves, n);
}

numbers halves(std::uint64_t first, std::uint64_t leaves, std::uint64_t n) {
    const std::uint64_t half = n / 2;
    const auto [a, b] = co_await edo::fork_join(some(first, leaves, half),
                                                some(first + half * leaves, leaves, n - half));
    co_return a + b;
}

numbers node(std::uint64_t first, std::uint64_t leaves) {
    if (leaves == 1) co_return first;
    const std::uint64_t each = leaves / children, half = children / 2;
    const auto [a, b] =
        co_await edo::fork_join(some(first, each, half), some(first + half * each, each, half));
    co_return a + b;
}

/// Ten spawned tasks. A child writes its sum where the parent wants it; the scope joins them.
edo::task<> scoped(std::uint64_t first, std::uint64_t leaves, std::uint64_t* sum) {
    if (leaves == 1) {
        *sum = first;
        co_return;
    }
    const std::uint64_t each = leaves / children;
    std::array<std::uint64_t, children> sums;
    auto body = [&](edo::task_scope& s) -> edo::task<> {
        for (std::size_t i = 0; i < children; ++i) {
            s.spawn(scoped, first + i * each, each, &sums[i]).detach();
        }
        co_return;
    };
    co_await edo::scope(body);
    *sum = 0;
    for (const std::uint64_t one : sums) *sum += one;
}

numbers scoped_root(std::uint64_t leaves) {
    std::uint64_t sum = 0;
    co_await scoped(0, leaves, &sum);
    co_return sum;
}

outcome skynet(const request& asked, numbers (*root)(std::uint64_t leaves)) {
    auto rt = make_runtime(asked);
    return measure(asked, skynet_tasks(asked.size),
                   [&](std::uint64_t leaves) { return rt.block_on(rt.spawn(root, leaves)); });
}

}  // namespace

outcome skynet_ten(const request& asked) {
    return skynet(asked, [](std::uint64_t leaves) { return ten(0, leaves); });
}
outcome skynet_pairs(const request& asked) {
    return skynet(asked, [](std::uint64_t leaves) { return node(0, leaves); });
}
outcome skynet_scope(const request& asked) { return skynet(asked, scoped_root); }

}  // namespace forkjoin
