// The operations, each with the name that it has in README.md. One task runs `n` of them in turn,
// alone or with tasks that it spawns, and returns how many it counted.
#pragma once

#include <edo/edo.hpp>

#include <cstdint>

namespace quick {

using count = std::uint64_t;
using operation = edo::task<count>(count n);

// tasks.cpp
operation spawn_join;
operation join_set;
operation fork;
operation yield;

// syncing.cpp
operation wake;
operation oneshot;
operation channel;
operation channel_ready;
operation mutex;
operation semaphore;

// timing.cpp
operation timer;
operation timer_fired;

}  // namespace quick
