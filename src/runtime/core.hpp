/// All parts of a runtime, put together.
#pragma once

#include "blocking/pool.hpp"
#include "sched/executor.hpp"
#include "time/driver.hpp"

#include <edo/runtime/builder.hpp>

namespace edo::detail {

/// What the builder collects.
struct runtime_options {
    executor_options scheduler;
    thread_pool_options blocking;
    task_hooks hooks;
    bool start_paused = false;
    bool shutdown_on_exception = false;
};

/// The one place where scheduler, timers and blocking pool meet. Lives as long as there are
/// references: the runtime, handles, its threads.
class runtime_impl final : public runtime_core, public drivers {
public:
    explicit runtime_impl(const runtime_options& options);

    // task_owner
    void launch(cell& task) noexcept override { exec.launch(task); }
    void task_ended(cell& task) noexcept override { exec.task_ended(task); }
    scheduler& tasks() noexcept override { return exec; }
    void task_failed() noexcept override;

    // runtime_core
    blocking_pool& blocking() noexcept override { return inhibiting; }
    time_driver& time() noexcept override { return timers; }
    shard_choice timer_place() const noexcept override;
    void begin_root_fork() noexcept override { exec.begin_root_fork(); }
    void end_root_fork() noexcept override { exec.end_root_fork(); }
    bool run_awaited(cell& task, suspension& waiter) noexcept override {
        return exec.run_awaited(task, static_cast<branch&>(waiter));
    }
    bool bind(cell& task) noexcept override { return exec.bind(task); }
    void run_in_place(void (*f)(void*), void* argument, const std::source_location& where) override;
    void block_on(thread_cell& root, bool may_lend, const std::source_location& where) override;

    // drivers
    void poll(unsigned shard) noexcept override { timers.fire(shard); }
    std::optional<time_point> next_deadline(unsigned shard) noexcept override {
        return timers.next_deadline(shard);
    }
    bool has_timers(unsigned shard) const noexcept override {
        return timers.registered(shard) != 0;
    }
    bool may_jump() const noexcept override { return timers.may_jump(); }
    bool jump() noexcept override { return timers.jump(); }

    /// Drops all tasks and waits until `deadline` (nothing: without limit).
    void shutdown(std::optional<std::chrono::steady_clock::time_point> deadline) noexcept;
    /// Lets all tasks be dropped, and all threads end, without waiting. Also inside a task.
    void shutdown_background() noexcept;

    /// The pool, and while a closure runs or is queued a paused clock does not jump.
    class inhibiting_pool final : public blocking_pool {
    public:
        explicit inhibiting_pool(runtime_impl& runtime) noexcept : runtime_(runtime) {}
        void submit(blocking_job& job) override;

    private:
        runtime_impl& runtime_;
    };

    time_driver timers;
    thread_pool pool;
    executor exec;
    inhibiting_pool inhibiting;
    atomic<std::size_t> leaked{0};
    const bool shutdown_on_exception;

private:
    void require_own_process(const std::source_location& where) const;
    bool leave_to_parent() noexcept;
    bool wait_for_pool(std::optional<std::chrono::steady_clock::time_point> deadline) noexcept;
    ~runtime_impl() = default;
    void destroy() noexcept override { delete this; }
    runtime_impl* next_left_ = nullptr;  ///< of those that a child of fork() has left
};

}  // namespace edo::detail
