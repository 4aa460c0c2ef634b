// nqueens: each safe place for the next queen is a child.
#include "../sizes.hpp"
#include "workloads.hpp"

#include <array>

namespace forkjoin {

namespace {

using solutions = edo::task<std::uint64_t>;

/// A fork has two children: places are halved until they are one.
solutions place(board here);
solutions halves(const board* here, const std::int8_t* columns, std::size_t n);

solutions some(const board* here, const std::int8_t* columns, std::size_t n) {
    return n == 1 ? place(here->with(*columns)) : halves(here, columns, n);
}

solutions halves(const board* here, const std::int8_t* columns, std::size_t n) {
    const std::size_t half = n / 2;
    const auto [a, b] =
        co_await edo::fork_join(some(here, columns, half), some(here, columns + half, n - half));
    co_return a + b;
}

solutions place(board here) {
    if (here.is_full()) co_return 1;
    board::choice safe;
    here.choose(safe);
    if (safe.count == 0) co_return 0;
    if (safe.count == 1) co_return co_await place(here.with(safe.columns[0]));
    const std::size_t half = safe.count / 2;
    const auto [a, b] =
        co_await edo::fork_join(some(&here, safe.columns.data(), half),
                                some(&here, safe.columns.data() + half, safe.count - half));
    co_return a + b;
}

/// A spawned task for each place. It writes its number where the parent wants it.
edo::task<> scoped(board here, std::uint64_t* found) {
    *found = here.is_full() ? 1 : 0;
    board::choice safe;
    if (*found == 0) here.choose(safe);
    if (safe.count == 0) co_return;
    std::array<std::uint64_t, board::rows> found_by;
    auto body = [&](edo::task_scope& s) -> edo::task<> {
        for (std::size_t i = 0; i < safe.count; ++i) {
            s.spawn(scoped, here.with(safe.columns[i]), &found_by[i]).detach();
        }
        co_return;
    };
    co_await edo::scope(body);
    for (std::size_t i = 0; i < safe.count; ++i) *found += found_by[i];
}

solutions scoped_root(board here) {
    std::uint64_t found = 0;
    co_await scoped(here, &found);
    co_return found;
}

outcome nqueens(const request& asked, solutions (*root)(board here)) {
    auto rt = make_runtime(asked);
    return measure(asked, queens_tasks(asked.size), [&](std::uint64_t size) {
        return rt.block_on(rt.spawn(root, board::empty(size)));
    });
}

}  // namespace

outcome nqueens_pairs(const request& asked) { return nqueens(asked, place); }
outcome nqueens_scope(const request& asked) { return nqueens(asked, scoped_root); }

}  // namespace forkjoin
