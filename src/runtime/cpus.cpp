#include "runtime/cpus.hpp"

#include <sched.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>

namespace edo::detail {
namespace {

std::size_t cpus_in_affinity_mask() noexcept {
    cpu_set_t set;
    if (::sched_getaffinity(0, sizeof set, &set) == 0) {
        return static_cast<std::size_t>(CPU_COUNT(&set));
    }
    return std::thread::hardware_concurrency();  // more CPUs than cpu_set_t holds
}

/// Quota and period in microseconds as CPUs, rounded up; SIZE_MAX without a quota.
std::size_t cpus_in(double quota_us, double period_us) {
    if (quota_us <= 0 || period_us <= 0) { return SIZE_MAX; }
    const double cpus = quota_us / period_us;
    const auto whole = static_cast<std::size_t>(cpus);
    return std::max<std::size_t>(1, whole + (static_cast<double>(whole) < cpus ? 1 : 0));
}

/// "50000 100000" or "max 100000".
std::size_t quota_v2(const std::string& folder) {
    std::ifstream file(folder + "/cpu.max");
    std::string quota;
    double period = 0;
    if (!(file >> quota >> period) || quota == "max") { return SIZE_MAX; }
    return cpus_in(std::stod(quota), period);
}

std::size_t quota_v1(const std::string& folder) {
    std::ifstream quota_file(folder + "/cpu.cfs_quota_us");
    std::ifstream period_file(folder + "/cpu.cfs_period_us");
    double quota = 0;
    double period = 0;
    if (!(quota_file >> quota) || !(period_file >> period)) { return SIZE_MAX; }
    return cpus_in(quota, period);
}

/// Whether a list as "cpu,cpuacct" names the controller that sets quotas.
bool names_cpu(const std::string& controllers) {
    std::istringstream list(controllers);
    for (std::string name; std::getline(list, name, ',');) {
        if (name == "cpu") { return true; }
    }
    return false;
}

/// The tightest quota of the process's cgroups, those above them included.
std::size_t cpus_in_cgroup() {
    std::size_t least = SIZE_MAX;
    std::ifstream cgroups("/proc/self/cgroup");  // lines "0::/path" or "4:cpu,cpuacct:/path"
    for (std::string line; std::getline(cgroups, line);) {
        const auto first = line.find(':');
        const auto second = line.find(':', first + 1);
        if (first == std::string::npos || second == std::string::npos) { continue; }
        const std::string controllers = line.substr(first + 1, second - first - 1);
        const bool is_v2 = controllers.empty();
        if (!is_v2 && !names_cpu(controllers)) { continue; }
        const std::string mount = is_v2 ? "/sys/fs/cgroup" : "/sys/fs/cgroup/cpu";
        for (std::string path = line.substr(second + 1); !path.empty();) {
            least = std::min(least, is_v2 ? quota_v2(mount + path) : quota_v1(mount + path));
            path.resize(path == "/" ? 0 : std::max<std::size_t>(path.rfind('/'), 0));
        }
        least = std::min(least, is_v2 ? quota_v2(mount) : quota_v1(mount));
    }
    return least;
}

}  // namespace

std::size_t available_cpus() noexcept {
    const std::size_t mask = std::max<std::size_t>(1, cpus_in_affinity_mask());
    try {
        return std::min(mask, cpus_in_cgroup());
    } catch (...) { return mask; }  // an unreadable or strange file system: no quota is known
}

}  // namespace edo::detail
