/// What runs tasks.
#pragma once

#include <edo/runtime/builder.hpp>
#include <edo/runtime/handle.hpp>

namespace edo {

/// A scheduler with its threads, timers and blocking pool. As tokio::runtime::Runtime. A process may
/// have any number of them.
///
/// Destruction    drops every task that has not ended (their destructors run on the workers, on a
///                current-thread runtime on the calling thread), then waits for blocking closures
///                that run. A task that waits for a foreign awaitable is waited for. Inside one of
///                its own tasks it ends the program with a message: use shutdown_background().
/// fork()         its threads stay in the parent. The child may _exit, exit or exec: there the
///                destructor joins, drops and frees nothing, block_on and spawn_blocking throw
///                std::logic_error, and a new task is cancelled at once. It may build a new runtime.
/// Thread safety  block_on, spawn and handle() from any thread.
class EDO_API runtime {
public:
    /// Builds a runtime whose workers run tasks in parallel.
    [[nodiscard]] static runtime_builder multi_thread();
    /// Builds a runtime whose tasks run inside block_on, on its thread.
    [[nodiscard]] static runtime_builder current_thread();

    /// Takes what the other refers to, and leaves it empty.
    runtime(runtime&& other) noexcept = default;
    /// Gives up what it refers to, and takes that of the other.
    runtime& operator=(runtime&& other) noexcept;
    ~runtime();

    /// Runs an awaitable on the calling thread until it has ended, and returns its value or
    /// rethrows. It need not be sendable and may borrow. On a current-thread runtime the thread runs
    /// the tasks meanwhile. Throws std::logic_error inside a task.
    template <class A>
    auto block_on(A&& awaitable, std::source_location where = std::source_location::current()) {
        return detail::block_on(checked(), true, std::forward<A>(awaitable), where);
    }

    /// edo::spawn on this runtime.
    template <class F, class... Args>
        requires spawnable<F, Args...>
    auto spawn(F&& f, Args&&... args) -> join_handle<detail::spawn_result_t<F, Args...>> {
        return detail::spawn_on<detail::spawn_result_t<F, Args...>>(
            checked(), {}, true, std::forward<F>(f), std::forward<Args>(args)...);
    }
    /// edo::spawn(task) on this runtime.
    template <class T>
        requires spawnable<task<T>>
    auto spawn(task<T> t, std::source_location where = std::source_location::current())
        -> join_handle<T> {
        return detail::spawn_on<T>(checked(), {where}, true, std::move(t));
    }
    /// Refused: the message names the rule, the argument and the fix.
    template <class F, class... Args,
              class Why = detail::refusal<"edo::spawn", detail::k_send, F, Args...>>
    auto spawn(F&&, Args&&...);
    /// edo::spawn_blocking on this runtime.
    template <class F, class... Args>
        requires spawnable_blocking<F, Args...>
    auto spawn_blocking(F&& f, Args&&... args)
        -> join_handle<detail::blocking_result_t<F, Args...>> {
        return handle().spawn_blocking(std::forward<F>(f), std::forward<Args>(args)...);
    }
    /// Refused: the message names the rule, the argument and the fix.
    template <class F, class... Args,
              class Why = detail::refusal<"edo::spawn_blocking", detail::k_blocking, F, Args...>>
    auto spawn_blocking(F&&, Args&&...);

    /// A handle to it.
    [[nodiscard]] runtime_handle handle() const;
    /// Enters it on this thread while the guard lives.
    [[nodiscard]] enter_guard enter() const;
    /// Its counters.
    [[nodiscard]] runtime_metrics metrics() const;

    /// Shuts down as the destructor does, but waits at most `d`, for tasks that cannot be dropped at
    /// once as well as for blocking closures; what is left is leaked and counted in the metrics.
    void shutdown_timeout(std::chrono::nanoseconds d);
    /// Shuts down without waiting: tasks are dropped by the threads that still run. Legal inside a
    /// task.
    void shutdown_background();

private:
    friend class runtime_builder;
    explicit runtime(detail::core_ref core) noexcept : core_(std::move(core)) {}
    [[nodiscard]] detail::runtime_core& checked() const;
    [[nodiscard]] detail::core_ref take_core();
    detail::core_ref core_;
};

namespace detail {

/// The runtime of edo::block_on and co_main.
EDO_API runtime default_runtime();

}  // namespace detail

/// Runs an awaitable on a new multi-thread runtime with default options, to which the calling thread
/// is lent as a worker, and returns its value or rethrows. As #[tokio::main] without attributes.
template <class A>
auto block_on(A&& awaitable, std::source_location where = std::source_location::current()) {
    runtime rt = detail::default_runtime();
    return rt.block_on(std::forward<A>(awaitable), where);
}

}  // namespace edo
