#include "runtime/cpus.hpp"

#include <gtest/gtest.h>
#include <sched.h>
#include <stdlib.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

namespace {

using edo::detail::available_cpus;
using edo::detail::cpus_in_cgroup;

/// A folder with a /proc and a /sys of its own.
class runtime_cpus : public testing::Test {
protected:
    runtime_cpus() {
        std::string made = testing::TempDir() + "edo_cpus_XXXXXX";
        if (::mkdtemp(made.data()) == nullptr) { throw std::runtime_error("no folder: " + made); }
        root_ = made;
    }
    ~runtime_cpus() override {
        std::error_code ignored;
        std::filesystem::remove_all(root_, ignored);
    }
    [[nodiscard]] std::string root() const { return root_.string(); }
    void write(std::string_view path, std::string_view text) const {
        const auto file = root_ / path;
        std::filesystem::create_directories(file.parent_path());
        std::ofstream(file) << text;
    }
    /// The group of the process.
    void is_in(std::string_view lines) const { write("proc/self/cgroup", lines); }
    void max_of(const std::string& group, std::string_view text) const {
        write("sys/fs/cgroup" + group + "/cpu.max", text);
    }
    /// Quota and period of a group of version 1.
    void cfs_of(const std::string& folder, std::string_view quota, std::string_view period) const {
        write("sys/fs/cgroup/" + folder + "/cpu.cfs_quota_us", quota);
        write("sys/fs/cgroup/" + folder + "/cpu.cfs_period_us", period);
    }

private:
    std::filesystem::path root_;
};

TEST_F(runtime_cpus, without_cgroups_there_is_no_quota) {
    EXPECT_EQ(cpus_in_cgroup(root()), SIZE_MAX);
    is_in("");
    EXPECT_EQ(cpus_in_cgroup(root()), SIZE_MAX);
    is_in("0::/group\n");
    EXPECT_EQ(cpus_in_cgroup(root()), SIZE_MAX);
}

TEST_F(runtime_cpus, a_quota_of_version_2_is_rounded_up) {
    is_in("0::/group\n");
    const auto with = [&](std::string_view text) {
        max_of("/group", text);
        return cpus_in_cgroup(root());
    };
    EXPECT_EQ(with("150000 100000\n"), 2U);
    EXPECT_EQ(with("200000 100000\n"), 2U);
    EXPECT_EQ(with("200001 100000\n"), 3U);
    EXPECT_EQ(with("1000 100000\n"), 1U);
    EXPECT_EQ(with("50000 10000\n"), 5U);
    EXPECT_EQ(with("max 100000\n"), SIZE_MAX);
}

TEST_F(runtime_cpus, the_tightest_quota_of_nested_groups_counts) {
    is_in("0::/outer/middle/inner\n");
    max_of("/outer/middle/inner", "800000 100000\n");
    EXPECT_EQ(cpus_in_cgroup(root()), 8U);
    max_of("/outer/middle", "300000 100000\n");
    EXPECT_EQ(cpus_in_cgroup(root()), 3U);
    max_of("/outer", "max 100000\n");
    EXPECT_EQ(cpus_in_cgroup(root()), 3U);
    max_of("", "100000 100000\n");  // a container sees its own group there
    EXPECT_EQ(cpus_in_cgroup(root()), 1U);
}

TEST_F(runtime_cpus, a_group_beside_that_of_the_process_does_not_count) {
    is_in("0::/group/mine\n");
    max_of("/group/mine", "400000 100000\n");
    max_of("/group/other", "100000 100000\n");
    max_of("/group/mine/below", "100000 100000\n");
    EXPECT_EQ(cpus_in_cgroup(root()), 4U);
}

TEST_F(runtime_cpus, a_process_in_the_root_group) {
    is_in("0::/\n");
    EXPECT_EQ(cpus_in_cgroup(root()), SIZE_MAX);
    max_of("", "250000 100000\n");
    EXPECT_EQ(cpus_in_cgroup(root()), 3U);
}

TEST_F(runtime_cpus, version_1) {
    is_in("5:memory:/group\n4:cpu,cpuacct:/group\n1:name=systemd:/group\n0::/group\n");
    cfs_of("cpu/group", "-1\n", "100000\n");
    EXPECT_EQ(cpus_in_cgroup(root()), SIZE_MAX);
    cfs_of("cpu/group", "150000\n", "100000\n");
    EXPECT_EQ(cpus_in_cgroup(root()), 2U);
    cfs_of("cpu", "100000\n", "100000\n");
    EXPECT_EQ(cpus_in_cgroup(root()), 1U);
    cfs_of("cpu", "-1\n", "100000\n");
    EXPECT_EQ(cpus_in_cgroup(root()), 2U);
}

TEST_F(runtime_cpus, version_1_without_a_link_for_cpu_alone) {
    is_in("4:cpu,cpuacct:/group\n");
    cfs_of("cpu,cpuacct/group", "350000\n", "100000\n");
    EXPECT_EQ(cpus_in_cgroup(root()), 4U);
}

TEST_F(runtime_cpus, version_1_needs_the_controller_cpu) {
    is_in("5:cpuset:/group\n3:cpuacct:/group\n");
    cfs_of("cpu/group", "100000\n", "100000\n");
    EXPECT_EQ(cpus_in_cgroup(root()), SIZE_MAX);
}

TEST_F(runtime_cpus, what_cannot_be_read_hides_no_other_quota) {
    is_in("nonsense\n7\n:\n0::relative\n0::/outer/inner\n");
    max_of("/outer/inner", "many 100000\n");
    max_of("/outer", "300000 100000\n");
    max_of("", "100000\n");
    EXPECT_EQ(cpus_in_cgroup(root()), 3U);
    max_of("/outer", "300000 0\n");
    EXPECT_EQ(cpus_in_cgroup(root()), SIZE_MAX);
    max_of("/outer", "99999999999999999999999 100000\n");
    EXPECT_EQ(cpus_in_cgroup(root()), SIZE_MAX);
}

TEST_F(runtime_cpus, a_path_may_have_colons) {
    is_in("0::/a:b/c\n");
    max_of("/a:b/c", "100000 100000\n");
    EXPECT_EQ(cpus_in_cgroup(root()), 1U);
}

TEST_F(runtime_cpus, the_affinity_mask_of_the_thread_limits) {
    std::size_t in_mask = 0;
    std::size_t all = 0;
    std::size_t one = 0;
    bool is_set = false;
    std::thread([&] {  // whose mask ends with it
        cpu_set_t mask;
        if (::sched_getaffinity(0, sizeof mask, &mask) != 0) { return; }
        in_mask = static_cast<std::size_t>(CPU_COUNT(&mask));
        all = available_cpus(root());
        std::size_t cpu = 0;
        while (!CPU_ISSET(cpu, &mask)) { ++cpu; }
        CPU_ZERO(&mask);
        CPU_SET(cpu, &mask);
        is_set = ::sched_setaffinity(0, sizeof mask, &mask) == 0;
        one = available_cpus(root());
    })
        .join();
    if (in_mask == 0 || !is_set) { GTEST_SKIP() << "the mask cannot be read and set here"; }
    EXPECT_EQ(all, in_mask);
    EXPECT_EQ(one, 1U);
}

TEST_F(runtime_cpus, mask_and_quota_limit_together) {
    const std::size_t in_mask = available_cpus(root());
    EXPECT_GE(in_mask, 1U);
    is_in("0::/group\n");
    max_of("/group", "10000 100000\n");
    EXPECT_EQ(available_cpus(root()), 1U);
    max_of("/group", "99999900000 100000\n");
    EXPECT_EQ(available_cpus(root()), in_mask);
}

TEST(runtime_cpus_here, there_is_at_least_one) {
    EXPECT_GE(available_cpus(), 1U);
    EXPECT_LE(available_cpus(), available_cpus("/nowhere"));
}

}  // namespace
