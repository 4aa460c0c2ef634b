// The workloads of tbb_forkjoin by file, and what they share.
#pragma once

#include "../program.hpp"

#include <tbb/task_arena.h>

namespace forkjoin {

// fib.cpp
outcome fib_task_group(const request& asked);
outcome fib_parallel_invoke(const request& asked);

// skynet.cpp
outcome skynet_task_group(const request& asked);
outcome skynet_parallel_invoke(const request& asked);

// nqueens.cpp
outcome nqueens_task_group(const request& asked);
outcome nqueens_parallel_invoke(const request& asked);

// matmul.cpp
outcome matmul_task_group(const request& asked);
outcome matmul_parallel_invoke(const request& asked);

// channel.cpp
outcome channel_1_to_1(const request& asked);

/// The calling thread is one of the arena's.
inline tbb::task_arena make_arena(const request& asked) {
    return tbb::task_arena(static_cast<int>(asked.threads));
}

}  // namespace forkjoin
