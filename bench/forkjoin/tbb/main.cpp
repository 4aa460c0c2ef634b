// tbb_forkjoin: see ../program.cpp for its arguments.
#include "workloads.hpp"

#include <tbb/version.h>

using namespace forkjoin;

namespace {

constexpr workload workloads[] = {
    {"fib", "task_group", 39, 30, fib_task_group},
    {"fib", "parallel_invoke", 39, 30, fib_parallel_invoke},
    {"skynet", "task_group", 100'000'000, 1'000'000, skynet_task_group},
    {"skynet", "parallel_invoke", 100'000'000, 1'000'000, skynet_parallel_invoke},
    {"nqueens", "task_group", 14, 12, nqueens_task_group},
    {"nqueens", "parallel_invoke", 14, 12, nqueens_parallel_invoke},
    {"matmul", "task_group", 2048, 512, matmul_task_group},
    {"matmul", "parallel_invoke", 2048, 512, matmul_parallel_invoke},
    {"channel_1_to_1", "bounded_queue", 10'000'000, 100'000, channel_1_to_1},
};

}  // namespace

int main(int argc, char** argv) {
    return run_program(argc, argv, "oneTBB " TBB_VERSION_STRING, workloads);
}
