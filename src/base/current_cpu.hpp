/// Where a thread runs.
#pragma once

namespace edo::detail {

inline constexpr int unknown_cpu = -1;

/// The number of the processor on which the calling thread runs, or ran a moment ago; or unknown_cpu.
/// Source: getcpu(2), by a read of the thread's rseq(2) area where the C library has one.
int current_cpu() noexcept;

}  // namespace edo::detail
