// How many operations a workload of a given size has, for both programs.
#pragma once

#include "board.hpp"
#include "matrix.hpp"
#include "program.hpp"

namespace forkjoin {

/// Forks of fib(n): the calls that have children, fib(n + 1) - 1.
constexpr std::uint64_t fib_forks(std::uint64_t n) {
    std::uint64_t here = 0, next = 1;  // fib(i), fib(i + 1)
    for (std::uint64_t i = 0; i < n; ++i) {
        const std::uint64_t after = here + next;
        here = next;
        next = after;
    }
    return next - 1;
}
static_assert(fib_forks(5) == 7);

/// Tasks of a tree with ten children at each inner node. Throws unless `leaves` is a power of 10.
constexpr std::uint64_t skynet_tasks(std::uint64_t leaves) {
    std::uint64_t tasks = leaves;
    for (; leaves > 1; leaves /= 10) {
        require(leaves % 10 == 0, "the size of skynet is a power of 10");
        tasks += leaves / 10;
    }
    return tasks;
}
static_assert(skynet_tasks(100) == 111);

/// Boards with 0 to n queens that do not attack each other, by n: one task each.
inline constexpr std::array<std::uint64_t, board::rows + 1> queens_tasks_of = {
    1, 2, 3, 6, 17, 54, 153, 552, 2'057, 8'394, 35'539, 166'926, 856'189, 4'674'890, 27'358'553};

constexpr std::uint64_t queens_tasks(std::uint64_t size) {
    require(size < queens_tasks_of.size(), "nqueens has at most 14 rows");
    return queens_tasks_of[size];
}

/// Tasks of a multiplication: eight at each level, of half the size, down to the base case.
constexpr std::uint64_t matmul_tasks(std::uint64_t n) {
    require(n >= matrix_base && (n & (n - 1)) == 0, "the size of matmul is a power of 2, from 32");
    std::uint64_t tasks = 1;
    for (std::uint64_t level = 1; n > matrix_base; n /= 2) tasks += level *= 8;
    return tasks;
}
static_assert(matmul_tasks(4 * matrix_base) == 73);

}  // namespace forkjoin
