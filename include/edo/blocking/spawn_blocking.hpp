/// Work that blocks its thread, or computes for long, beside the tasks.
#pragma once

#include <edo/task/detail/blocking_cell.hpp>
#include <edo/task/detail/refusal.hpp>
#include <edo/task/join_handle.hpp>

namespace edo {

/// Calls f(args...) on a thread of the blocking pool of the current runtime. As
/// tokio::task::spawn_blocking. The pool grows to max_blocking_threads, then closures queue, first
/// come, first served; idle threads leave after thread_keep_alive.
///
/// f, args        as for spawn: a callable without captures, and arguments that own what they hold
///                and may change threads; f returns a plain value.
/// Returns        a handle; an exception of f arrives there. A closure that has not started can be
///                aborted, one that runs cannot.
/// Errors         no_runtime_error outside a runtime; std::system_error if the pool has no thread
///                and none can be started; std::bad_alloc. After shutdown the handle is cancelled.
/// Thread safety  any thread.
template <class F, class... Args>
    requires spawnable_blocking<F, Args...>
auto spawn_blocking(F&& f, Args&&... args) -> join_handle<detail::blocking_result_t<F, Args...>> {
    using base = detail::spawned<detail::blocking_result_t<F, Args...>>;
    return detail::handle_access::make(
        detail::launch_blocking<base>(detail::current_runtime("edo::spawn_blocking", {}), {},
                                      std::forward<F>(f), std::forward<Args>(args)...));
}

/// Refused: the message names the rule, the argument and the fix.
template <class F, class... Args,
          class Why = detail::refusal<"edo::spawn_blocking", detail::k_blocking, F, Args...>>
auto spawn_blocking(F&&, Args&&...);

}  // namespace edo
