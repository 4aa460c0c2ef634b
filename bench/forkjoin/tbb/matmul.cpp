// matmul: the quarters of the product are computed at the same time, in two rounds, since each of them
// is a sum of two products.
#include "../sizes.hpp"
#include "workloads.hpp"

#include <tbb/parallel_invoke.h>
#include <tbb/task_group.h>

namespace forkjoin {

namespace {

void by_group(const product& of) {
    if (of.n == matrix_base) return of.compute();
    for (std::size_t half = 0; half < 2; ++half) {
        tbb::task_group group;
        group.run([&of, half] { by_group(of.quarter(0, 0, half)); });
        group.run([&of, half] { by_group(of.quarter(0, 1, half)); });
        group.run([&of, half] { by_group(of.quarter(1, 0, half)); });
        group.run_and_wait([&of, half] { by_group(of.quarter(1, 1, half)); });
    }
}

void by_invoke(const product& of) {
    if (of.n == matrix_base) return of.compute();
    for (std::size_t half = 0; half < 2; ++half) {
        tbb::parallel_invoke([&of, half] { by_invoke(of.quarter(0, 0, half)); },
                             [&of, half] { by_invoke(of.quarter(0, 1, half)); },
                             [&of, half] { by_invoke(of.quarter(1, 0, half)); },
                             [&of, half] { by_invoke(of.quarter(1, 1, half)); });
    }
}

outcome matmul(const request& asked, void (*root)(const product& of)) {
    auto arena = make_arena(asked);
    return measure_product(asked, matmul_tasks(asked.size),
                           [&](const product& whole) { arena.execute([&] { root(whole); }); });
}

}  // namespace

outcome matmul_task_group(const request& asked) { return matmul(asked, by_group); }
outcome matmul_parallel_invoke(const request& asked) { return matmul(asked, by_invoke); }

}  // namespace forkjoin
