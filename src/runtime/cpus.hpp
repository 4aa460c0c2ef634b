/// How many workers make sense.
#pragma once

#include <cstddef>
#include <string>

namespace edo::detail {

/// The CPUs that this process may use: the affinity mask of the calling thread, limited by the
/// cgroup's quota, at least 1. `root` is the folder that /proc and /sys lie in, for tests.
/// Source: man 2 sched_getaffinity.
std::size_t available_cpus(const std::string& root = {}) noexcept;

/// The tightest quota of the process's cgroups and those above them, rounded up; SIZE_MAX: there is
/// none. Source: Documentation/admin-guide/cgroup-v2.rst; Documentation/scheduler/sched-bwc.rst.
std::size_t cpus_in_cgroup(const std::string& root = {});

}  // namespace edo::detail
