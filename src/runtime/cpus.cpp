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
std::size_t cpus_in(long long quota_us, long long period_us) {
    if (quota_us <= 0 || period_us <= 0) { return SIZE_MAX; }
    return static_cast<std::size_t>(quota_us / period_us + (quota_us % period_us != 0 ? 1 : 0));
}

/// "50000 100000" or "max 100000".
std::size_t quota_v2(const std::string& folder) {
    std::ifstream file(folder + "/cpu.max");
    long long quota = 0;
    long long period = 0;
    if (!(file >> quota >> period)) { return SIZE_MAX; }
    return cpus_in(quota, period);
}

/// A number in each of two files; the quota is -1 if there is none.
std::size_t quota_v1(const std::string& folder) {
    std::ifstream quota_file(folder + "/cpu.cfs_quota_us");
    std::ifstream period_file(folder + "/cpu.cfs_period_us");
    long long quota = 0;
    long long period = 0;
    if (!(quota_file >> quota) || !(period_file >> period)) { return SIZE_MAX; }
    return cpus_in(quota, period);
}

/// The tightest quota of a group and those above it, up to the root of its hierarchy.
std::size_t tightest(std::size_t (&quota)(const std::string&), const std::string& mount,
                     std::string path) {
    std::size_t least = quota(mount);
    while (!path.empty()) {
        least = std::min(least, quota(mount + path));
        const auto slash = path.rfind('/');
        path.resize(slash != std::string::npos ? slash : 0);
    }
    return least;
}

/// Whether a list as "cpu,cpuacct" names the controller that sets quotas.
bool names_cpu(const std::string& controllers) {
    std::istringstream list(controllers);
    for (std::string name; std::getline(list, name, ',');) {
        if (name == "cpu") { return true; }
    }
    return false;
}

}  // namespace

std::size_t cpus_in_cgroup(const std::string& root) {
    const std::string unified = root + "/sys/fs/cgroup";
    const std::string mounts = unified + '/';
    std::size_t least = SIZE_MAX;
    std::ifstream cgroups(root + "/proc/self/cgroup");  // "0::/path" or "4:cpu,cpuacct:/path"
    for (std::string line; std::getline(cgroups, line);) {
        const auto first = line.find(':');
        const auto second = first != std::string::npos ? line.find(':', first + 1) : first;
        if (second == std::string::npos) { continue; }
        const std::string controllers = line.substr(first + 1, second - first - 1);
        const std::string path = line.substr(second + 1);
        if (controllers.empty()) {
            least = std::min(least, tightest(quota_v2, unified, path));
        } else if (names_cpu(controllers)) {  // mounted by that list; "cpu" alone is mostly a link
            least = std::min({least, tightest(quota_v1, mounts + "cpu", path),
                              tightest(quota_v1, mounts + controllers, path)});
        }
    }
    return least;
}

std::size_t available_cpus(const std::string& root) noexcept {
    const std::size_t mask = std::max<std::size_t>(1, cpus_in_affinity_mask());
    try {
        return std::min(mask, cpus_in_cgroup(root));
    } catch (...) { return mask; }  // an unreadable or strange file system: no quota is known
}

}  // namespace edo::detail
