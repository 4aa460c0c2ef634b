/// How many workers make sense.
#pragma once

#include <cstddef>

namespace edo::detail {

/// The CPUs that this process may use: the affinity mask, limited by the cgroup's quota (rounded
/// up), at least 1. Source: man 2 sched_getaffinity; Documentation/admin-guide/cgroup-v2.rst.
std::size_t available_cpus() noexcept;

}  // namespace edo::detail
