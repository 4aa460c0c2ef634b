/// Spawning with a name.
#pragma once

#include <edo/task/detail/blocking_cell.hpp>
#include <edo/task/spawn_local.hpp>

#include <string>

namespace edo {

/// Gives tasks a name and the place where they are spawned: `task_builder().name("conn").spawn(f)`.
/// As tokio::task::Builder. The name shows in this_task::name(), in hooks and in reports.
///
/// Thread safety  none; each spawn takes what was set before it.
class task_builder {
public:
    /// Remembers the caller's line for hooks and messages.
    explicit task_builder(std::source_location where = std::source_location::current()) noexcept
        : where_(where) {}
    /// The name of tasks spawned from here on.
    task_builder& name(std::string name) {
        name_ = std::move(name);
        return *this;
    }

    /// edo::spawn; also `spawn(task)`.
    template <class F, class... Args>
        requires spawnable<F, Args...>
    auto spawn(F&& f, Args&&... args) const -> join_handle<detail::spawn_result_t<F, Args...>> {
        return start<detail::spawn_result_t<F, Args...>>(
            detail::current_runtime("edo::task_builder::spawn", where_), true, std::forward<F>(f),
            std::forward<Args>(args)...);
    }
    /// Refused: the message names the rule, the argument and the fix.
    template <class F, class... Args,
              class Why = detail::refusal<"edo::task_builder::spawn", detail::k_send, F, Args...>>
    auto spawn(F&&, Args&&...) const;

    /// edo::spawn on the runtime of `handle`, a runtime_handle.
    template <class Handle, class F, class... Args>
        requires spawnable<F, Args...>
    auto spawn_on(const Handle& handle, F&& f, Args&&... args) const
        -> join_handle<detail::spawn_result_t<F, Args...>> {
        return start<detail::spawn_result_t<F, Args...>>(core_of(handle), true, std::forward<F>(f),
                                                         std::forward<Args>(args)...);
    }
    /// Refused: the message names the rule, the argument and the fix.
    template <
        class Handle, class F, class... Args,
        class Why = detail::refusal<"edo::task_builder::spawn_on", detail::k_send, F, Args...>>
    auto spawn_on(const Handle&, F&&, Args&&...) const;

    /// edo::spawn_local.
    template <class F, class... Args>
        requires spawnable_local<F, Args...>
    auto spawn_local(F&& f, Args&&... args) const
        -> join_handle<detail::spawn_result_t<F, Args...>> {
        return start<detail::spawn_result_t<F, Args...>>(detail::current_local_set(where_), false,
                                                         std::forward<F>(f),
                                                         std::forward<Args>(args)...);
    }
    /// Refused: the message names the rule, the argument and the fix.
    template <
        class F, class... Args,
        class Why = detail::refusal<"edo::task_builder::spawn_local", detail::k_local, F, Args...>>
    auto spawn_local(F&&, Args&&...) const;

    /// edo::spawn_blocking.
    template <class F, class... Args>
        requires spawnable_blocking<F, Args...>
    auto spawn_blocking(F&& f, Args&&... args) const
        -> join_handle<detail::blocking_result_t<F, Args...>> {
        using base = detail::spawned<detail::blocking_result_t<F, Args...>>;
        return detail::handle_access::make(detail::launch_blocking<base>(
            detail::current_runtime("edo::task_builder::spawn_blocking", where_), site(),
            std::forward<F>(f), std::forward<Args>(args)...));
    }
    /// Refused: the message names the rule, the argument and the fix.
    template <class F, class... Args,
              class Why = detail::refusal<"edo::task_builder::spawn_blocking", detail::k_blocking,
                                          F, Args...>>
    auto spawn_blocking(F&&, Args&&...) const;

private:
    [[nodiscard]] detail::spawn_site site() const noexcept {
        return {where_, name_.empty() ? nullptr : &name_};
    }
    template <class R, class... Spawned>
    join_handle<R> start(detail::task_owner& owner, bool must_be_sendable,
                         Spawned&&... what) const {
        return detail::spawn_on<R>(owner, site(), must_be_sendable, std::forward<Spawned>(what)...);
    }
    std::source_location where_;
    std::string name_;
};

}  // namespace edo
