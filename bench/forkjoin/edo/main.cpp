// edo_forkjoin: see ../program.cpp for its arguments.
#include "workloads.hpp"

using namespace forkjoin;

namespace {

constexpr workload workloads[] = {
    {"fib", "fork_join", 39, 30, fib},
    {"skynet", "ten", 100'000'000, 1'000'000, skynet_ten},
    {"skynet", "pairs", 100'000'000, 1'000'000, skynet_pairs},
    {"skynet", "scope", 100'000'000, 1'000'000, skynet_scope},
    {"nqueens", "pairs", 14, 12, nqueens_pairs},
    {"nqueens", "scope", 14, 12, nqueens_scope},
    {"matmul", "fork_join", 2048, 512, matmul},
    {"channel_1_to_1", "mpmc", 10'000'000, 100'000, channel_1_to_1},
    {"channel_4_to_4", "mpmc", 10'000'000, 100'000, channel_4_to_4},
    {"locked_add", "xadd", 50'000'000, 1'000'000, locked_add},
};

}  // namespace

int main(int argc, char** argv) { return run_program(argc, argv, "Edo", workloads); }
