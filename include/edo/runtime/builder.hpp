/// How a runtime is made.
#pragma once

#include <edo/task/task_meta.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <source_location>
#include <string>

namespace edo {

class runtime;
namespace detail {
struct runtime_options;
}

/// What an exception does that leaves a task.
enum class unhandled_exception_policy {
    report,            ///< if nobody joins the task it goes to the hook (default: a line on stderr)
    shutdown_runtime,  ///< and, joined or not, every block_on throws; current-thread runtimes only
};

/// Collects the options of a runtime; see runtime::multi_thread() and runtime::current_thread().
/// As tokio::runtime::Builder. Hooks must not throw (poll and thread hooks end the program if they
/// do; on_task_spawn throws out of spawn).
///
/// Thread safety  none. build() may be called more than once.
class EDO_API runtime_builder {
public:
    /// Takes what the other refers to, and leaves it empty.
    runtime_builder(runtime_builder&&) noexcept;
    /// Gives up what it refers to, and takes that of the other.
    runtime_builder& operator=(runtime_builder&&) noexcept;
    ~runtime_builder();

    /// Worker places, at least 1; without effect on a current-thread runtime. Default: the variable
    /// EDO_WORKER_THREADS, else the CPUs that this process may use (affinity mask and cgroup quota).
    /// Throws std::invalid_argument for 0.
    runtime_builder& worker_threads(std::size_t n,
                                    std::source_location where = std::source_location::current());
    /// Limit of the blocking pool, at least 1 (default 512). Throws std::invalid_argument for 0.
    runtime_builder& max_blocking_threads(
        std::size_t n, std::source_location where = std::source_location::current());
    /// How long an idle blocking thread stays (default 10 s).
    runtime_builder& thread_keep_alive(std::chrono::nanoseconds d);
    /// Name of all threads; the kernel shows its first 15 bytes.
    runtime_builder& thread_name(std::string name);
    /// Stack of all threads in bytes; 0: the system's default.
    runtime_builder& thread_stack_size(std::size_t bytes);
    /// Called on each worker and blocking thread when it starts.
    runtime_builder& on_thread_start(std::function<void()> f);
    /// Called on each of these threads when it ends.
    runtime_builder& on_thread_stop(std::function<void()> f);
    /// Called before a worker goes to sleep. It may wake and spawn tasks.
    runtime_builder& on_thread_park(std::function<void()> f);
    /// Called after a worker has slept.
    runtime_builder& on_thread_unpark(std::function<void()> f);
    /// Called in spawn for each new task, blocking closures included.
    runtime_builder& on_task_spawn(std::function<void(const task_meta&)> f);
    /// Called when a task has ended or was dropped.
    runtime_builder& on_task_terminate(std::function<void(const task_meta&)> f);
    /// Called before each turn of a task.
    runtime_builder& on_before_poll(std::function<void(const task_meta&)> f);
    /// Called after each turn of a task.
    runtime_builder& on_after_poll(std::function<void(const task_meta&)> f);
    /// Turns between two looks at timers under load (default 61, at least 1).
    runtime_builder& event_interval(std::uint32_t turns,
                                    std::source_location where = std::source_location::current());
    /// Turns between two looks at the injection queue (default: 31 on a current-thread runtime,
    /// tuned on a multi-thread one; at least 1).
    runtime_builder& global_queue_interval(
        std::uint32_t turns, std::source_location where = std::source_location::current());
    /// The clock starts paused (edo::time); current-thread only, else build() throws.
    runtime_builder& start_paused(bool paused);
    /// block_on of this runtime may use the calling thread as a worker, in the place of one.
    runtime_builder& lend_thread(bool lend);
    /// Called once for an exception of a task when the last right to join is given up; on the thread
    /// that does so. It must not throw. Default: a line on stderr.
    runtime_builder& unhandled_exception(
        std::function<void(const task_meta&, std::exception_ptr)> f);
    /// What else happens then.
    runtime_builder& unhandled_exception(unhandled_exception_policy policy);

    /// The runtime, with its workers started. Throws std::system_error if a thread cannot be
    /// started, std::invalid_argument for options that do not fit, std::bad_alloc.
    [[nodiscard]] runtime build();

private:
    friend class runtime;
    explicit runtime_builder(bool multi_thread);
    std::unique_ptr<detail::runtime_options> options_;
};

}  // namespace edo
