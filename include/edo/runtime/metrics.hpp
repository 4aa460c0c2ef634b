/// Counters of a runtime.
#pragma once

#include <edo/task/detail/runtime_core.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace edo {
namespace detail {
class runtime_impl;
}

/// A view of a runtime's counters. As tokio::runtime::RuntimeMetrics. Values are read one by one
/// while the runtime runs, so together they need not fit.
///
/// Thread safety  any thread. Worker indices run from 0 to num_workers() - 1; another one throws
///                std::out_of_range.
class EDO_API runtime_metrics {
public:
    /// Worker places; 1 on a current-thread runtime.
    [[nodiscard]] std::size_t num_workers() const noexcept;
    /// Tasks that were spawned and have not ended.
    [[nodiscard]] std::size_t num_alive_tasks() const noexcept;
    /// Tasks that were spawned so far.
    [[nodiscard]] std::uint64_t spawned_tasks_count() const noexcept;
    /// Tasks in the injection queue.
    [[nodiscard]] std::size_t global_queue_depth() const noexcept;
    /// Wakes and spawns that came from outside of the workers.
    [[nodiscard]] std::uint64_t remote_schedule_count() const noexcept;
    /// Threads of the blocking pool.
    [[nodiscard]] std::size_t num_blocking_threads() const noexcept;
    /// Those of them that wait for work.
    [[nodiscard]] std::size_t num_idle_blocking_threads() const noexcept;
    /// Closures that wait for a thread.
    [[nodiscard]] std::size_t blocking_queue_depth() const noexcept;
    /// Turns that ended because the cooperative budget was used up.
    [[nodiscard]] std::uint64_t budget_forced_yield_count() const noexcept;
    /// Tasks that were left when a shutdown ran out of time.
    [[nodiscard]] std::size_t leaked_tasks() const noexcept;
    /// How often the worker went to sleep.
    [[nodiscard]] std::uint64_t worker_park_count(std::size_t worker) const;
    /// The same plus how often it woke up: odd while it sleeps.
    [[nodiscard]] std::uint64_t worker_park_unpark_count(std::size_t worker) const;
    /// The time that the worker was awake, up to its last sleep. On a thread that block_on lends it begins when
    /// the future first waits, or a task runs.
    [[nodiscard]] std::chrono::nanoseconds worker_total_busy_duration(std::size_t worker) const;
    /// Batches of tasks that the worker has taken from others.
    [[nodiscard]] std::uint64_t worker_steal_operations(std::size_t worker) const;
    /// Turns of tasks that the worker has run.
    [[nodiscard]] std::uint64_t worker_poll_count(std::size_t worker) const;
    /// How often the worker's queue was full.
    [[nodiscard]] std::uint64_t worker_overflow_count(std::size_t worker) const;
    /// Tasks in the worker's queue.
    [[nodiscard]] std::size_t worker_local_queue_depth(std::size_t worker) const;

private:
    friend class runtime_handle;
    explicit runtime_metrics(detail::core_ref core) noexcept : core_(std::move(core)) {}
    [[nodiscard]] detail::runtime_impl& impl() const noexcept;
    detail::core_ref core_;
};

}  // namespace edo
