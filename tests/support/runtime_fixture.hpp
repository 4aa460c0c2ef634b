/// Runs a test over every kind of runtime, and proves that it left nothing behind.
#pragma once

#include "time/driver.hpp"

#include <edo/edo.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>

namespace edo::test {

/// The kinds of runtime that a behaviour must hold on.
struct runtime_kind {
    const char* name;
    unsigned workers;  ///< 0: current-thread
};

inline std::ostream& operator<<(std::ostream& out, const runtime_kind& kind) {
    return out << kind.name;
}

inline runtime_builder builder_of(const runtime_kind& kind) {
    if (kind.workers == 0) { return runtime::current_thread(); }
    auto builder = runtime::multi_thread();
    builder.worker_threads(kind.workers);
    return builder;
}

inline const auto all_kinds =
    testing::Values(runtime_kind{"current_thread", 0}, runtime_kind{"multi_thread_1", 1},
                    runtime_kind{"multi_thread_2", 2}, runtime_kind{"multi_thread_4", 4});
inline const auto multi_thread_kinds =
    testing::Values(runtime_kind{"multi_thread_1", 1}, runtime_kind{"multi_thread_2", 2},
                    runtime_kind{"multi_thread_4", 4});

inline std::string kind_name(const testing::TestParamInfo<runtime_kind>& info) {
    return info.param.name;
}

inline std::size_t entries(const char* folder) {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder)) {
        ++count;
    }
    return count;
}
/// Threads of this process, those of the sanitizers included. Not the entries of /proc/self/task: who
/// reads a folder while threads end may miss one that lives.
inline std::size_t threads_now() {
    if constexpr (EDO_TSAN) {  // it starts one of its own together with the first of the process
        [[maybe_unused]] static const bool started = (std::thread([] {}).join(), true);
    }
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with("Threads:")) { return std::stoul(line.substr(8)); }
    }
    throw std::runtime_error("/proc/self/status does not say how many threads there are");
}
inline std::size_t descriptors_now() { return entries("/proc/self/fd"); }

/// Timers that wait in the runtime behind a handle.
inline std::size_t timers_of(const runtime_handle& handle) {
    return core_of(handle).time().registered();
}

/// Base of all runtime tests: after the test no thread, descriptor, task or timer of it is left. A
/// joined thread may stay visible in /proc for a moment, hence the patience.
class leak_check : public testing::Test {
protected:
    leak_check() : threads_(threads_now()), descriptors_(descriptors_now()) {}
    /// Register a runtime whose tasks must all have ended at the end of the test.
    void watch(const runtime& rt) { watched_.push_back(rt.handle()); }
    void expect_nothing_left() {
        for (int i = 0; i < 1'000'000 && threads_now() > threads_; ++i) {
            std::this_thread::yield();
        }
        EXPECT_LE(threads_now(), threads_) << "threads were left";
        EXPECT_EQ(descriptors_now(), descriptors_) << "descriptors were left";
        for (const runtime_handle& handle : watched_) {
            EXPECT_EQ(handle.metrics().num_alive_tasks(), 0U) << "tasks were left";
            EXPECT_EQ(handle.metrics().leaked_tasks(), 0U);
            EXPECT_EQ(timers_of(handle), 0U) << "timers were left";
        }
        watched_.clear();
    }
    void TearDown() override { expect_nothing_left(); }

private:
    std::size_t threads_;
    std::size_t descriptors_;
    std::vector<runtime_handle> watched_;
};

/// A test with one runtime of the kind of its parameter. `TEST_P(my_test, does_this) { rt().block_on(…) }`
class runtime_test : public leak_check, public testing::WithParamInterface<runtime_kind> {
protected:
    /// The runtime, made at the first call.
    runtime& rt() {
        if (!rt_) { use(builder_of(GetParam())); }
        return *rt_;
    }
    /// A runtime with other options.
    runtime& use(runtime_builder builder) {
        rt_.emplace(builder.build());
        watch(*rt_);
        return *rt_;
    }
    [[nodiscard]] bool is_current_thread() const { return GetParam().workers == 0; }
    void stop() { rt_.reset(); }
    void TearDown() override {
        stop();
        leak_check::TearDown();
    }

private:
    std::optional<runtime> rt_;
};

/// Counts its living copies: a value that a task owns.
class counted {
public:
    explicit counted(std::atomic<int>& alive) : alive_(&alive) { ++*alive_; }
    counted(const counted& other) : alive_(other.alive_) { ++*alive_; }
    counted& operator=(const counted&) = delete;
    ~counted() { --*alive_; }

private:
    std::atomic<int>* alive_;
};

}  // namespace edo::test

/// It borrows a counter of the test, which outlives the runtime.
template <>
inline constexpr bool edo::enable_owning<edo::test::counted> = true;
