// The workloads of edo_forkjoin by file, and what they share.
#pragma once

#include "../program.hpp"

#include <edo/edo.hpp>

#include <utility>

namespace forkjoin {

// fib.cpp
outcome fib(const request& asked);

// skynet.cpp
outcome skynet_ten(const request& asked);
outcome skynet_pairs(const request& asked);
outcome skynet_scope(const request& asked);

// nqueens.cpp
outcome nqueens_pairs(const request& asked);
outcome nqueens_scope(const request& asked);

// matmul.cpp
outcome matmul(const request& asked);

// channel.cpp
outcome channel_1_to_1(const request& asked);
outcome channel_4_to_4(const request& asked);

// atomics.cpp
outcome locked_add(const request& asked);

inline edo::runtime make_runtime(const request& asked) {
    return edo::runtime::multi_thread().worker_threads(asked.threads).build();
}

}  // namespace forkjoin
