/// Starting tasks.
#pragma once

#include <edo/task/detail/refusal.hpp>
#include <edo/task/detail/spawn_site.hpp>
#include <edo/task/join_handle.hpp>

namespace edo {
namespace detail {

/// Starts a task of `owner`.
template <class R, class... Spawned>
join_handle<R> spawn_on(task_owner& owner, const spawn_site& site, bool must_be_sendable,
                        Spawned&&... what) {
    return handle_access::make(name_and_launch(
        make_cell<spawned<R>>(owner, site.where, must_be_sendable, std::forward<Spawned>(what)...),
        site));
}

}  // namespace detail

/// Starts a task that runs f(args...) on the current runtime, at once and beside the caller, without
/// being awaited. As tokio::spawn, with its two rules checked at compile time (spawnable).
///
/// f              a function, a lambda without captures, a stateless or visibly owning function
///                object that returns edo::task<R>; it and its arguments are copied or moved into
///                the task, as std::thread does.
/// Returns        the right to join; dropping it detaches the task.
/// Errors         no_runtime_error outside a runtime; borrow_error, send_error for a task among the
///                arguments that breaks a rule; std::bad_alloc. After shutdown the handle is cancelled.
/// Thread safety  any thread.
template <class F, class... Args>
    requires spawnable<F, Args...>
auto spawn(F&& f, Args&&... args) -> join_handle<detail::spawn_result_t<F, Args...>> {
    return detail::spawn_on<detail::spawn_result_t<F, Args...>>(
        detail::current_runtime("edo::spawn", {}), {}, true, std::forward<F>(f),
        std::forward<Args>(args)...);
}

/// Starts a task from a coroutine that was made already. What its parameters hold is checked now:
/// borrow_error and send_error name the coroutine, the parameter and its type.
template <class T>
    requires spawnable<task<T>>
auto spawn(task<T> t, std::source_location where = std::source_location::current())
    -> join_handle<T> {
    return detail::spawn_on<T>(detail::current_runtime("edo::spawn", where), {where}, true,
                               std::move(t));
}

/// Refused: the message names the rule, the argument and the fix.
template <class F, class... Args,
          class Why = detail::refusal<"edo::spawn", detail::k_send, F, Args...>>
auto spawn(F&&, Args&&...);

}  // namespace edo
