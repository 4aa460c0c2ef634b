/// Starting tasks that stay on this thread.
#pragma once

#include <edo/task/spawn.hpp>

namespace edo {
namespace detail {

/// The local_set that is entered on this thread. Throws no_local_set_error.
EDO_API task_owner& current_local_set(const std::source_location& where);

}  // namespace detail

/// Starts a task on the local_set or local_runtime that is entered on this thread; it and what it
/// holds never leave the thread that drives the set. As tokio::task::spawn_local.
///
/// f, args        own what they hold (spawnable_local); they need not be sendable.
/// Errors         no_local_set_error outside of a set; otherwise those of spawn.
template <class F, class... Args>
    requires spawnable_local<F, Args...>
auto spawn_local(F&& f, Args&&... args) -> join_handle<detail::spawn_result_t<F, Args...>> {
    return detail::spawn_on<detail::spawn_result_t<F, Args...>>(
        detail::current_local_set({}), {}, false, std::forward<F>(f), std::forward<Args>(args)...);
}

/// The same from a coroutine that was made already. Throws borrow_error too.
template <class T>
    requires spawnable_local<task<T>>
auto spawn_local(task<T> t, std::source_location where = std::source_location::current())
    -> join_handle<T> {
    return detail::spawn_on<T>(detail::current_local_set(where), {where}, false, std::move(t));
}

/// Refused: the message names the rule, the argument and the fix.
template <class F, class... Args,
          class Why = detail::refusal<"edo::spawn_local", detail::k_local, F, Args...>>
auto spawn_local(F&&, Args&&...);

}  // namespace edo
