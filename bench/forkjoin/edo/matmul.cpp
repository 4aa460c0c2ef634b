// matmul: the quarters of the product are computed at the same time, in two rounds, since each of them
// is a sum of two products.
#include "../sizes.hpp"
#include "workloads.hpp"

#include <functional>

namespace forkjoin {

namespace {

edo::task<> multiply(product of) {
    if (of.n == matrix_base) {
        of.compute();
        co_return;
    }
    for (std::size_t half = 0; half < 2; ++half) {
        co_await edo::fork_join(multiply(of.quarter(0, 0, half)), multiply(of.quarter(0, 1, half)),
                                multiply(of.quarter(1, 0, half)), multiply(of.quarter(1, 1, half)));
    }
}

}  // namespace

outcome matmul(const request& asked) {
    auto rt = make_runtime(asked);
    return measure_product(asked, matmul_tasks(asked.size),
                           [&](const product& whole) { rt.block_on(multiply(whole)); });
}

}  // namespace forkjoin
