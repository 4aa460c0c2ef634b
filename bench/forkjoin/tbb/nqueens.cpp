// nqueens: each safe place for the next queen is a child.
#include "../sizes.hpp"
#include "workloads.hpp"

#include <tbb/parallel_invoke.h>
#include <tbb/task_group.h>

#include <array>

namespace forkjoin {

namespace {

std::uint64_t by_group(board here) {
    if (here.is_full()) return 1;
    board::choice safe;
    here.choose(safe);
    if (safe.count == 0) return 0;
    std::array<std::uint64_t, board::rows> found_by;
    const auto child = [&](std::size_t i) {
        return
            [next = here.with(safe.columns[i]), found = &found_by[i]] { *found = by_group(next); };
    };
    tbb::task_group group;
    for (std::size_t i = 0; i + 1 < safe.count; ++i) group.run(child(i));
    group.run_and_wait(child(safe.count - 1));
    std::uint64_t found = 0;
    for (std::size_t i = 0; i < safe.count; ++i) found += found_by[i];
    return found;
}

/// parallel_invoke has a fixed number of children: places are halved until they are one.
std::uint64_t by_invoke(board here);

std::uint64_t some(const board& here, const std::int8_t* columns, std::size_t n) {
    if (n == 1) return by_invoke(here.with(*columns));
    const std::size_t half = n / 2;
    std::uint64_t a = 0, b = 0;
    tbb::parallel_invoke([&, half] { a = some(here, columns, half); },
                         [&, half] { b = some(here, columns + half, n - half); });
    return a + b;
}

std::uint64_t by_invoke(board here) {
    if (here.is_full()) return 1;
    board::choice safe;
    here.choose(safe);
    return safe.count == 0 ? 0 : some(here, safe.columns.data(), safe.count);
}

outcome nqueens(const request& asked, std::uint64_t (*root)(board here)) {
    auto arena = make_arena(asked);
    return measure(asked, queens_tasks(asked.size), [&](std::uint64_t size) {
        return arena.execute([&] { return root(board::empty(size)); });
    });
}

}  // namespace

outcome nqueens_task_group(const request& asked) { return nqueens(asked, by_group); }
outcome nqueens_parallel_invoke(const request& asked) { return nqueens(asked, by_invoke); }

}  // namespace forkjoin
