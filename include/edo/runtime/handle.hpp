/// A way to a runtime from anywhere.
#pragma once

#include <edo/blocking/spawn_blocking.hpp>
#include <edo/coro/detail/as_task.hpp>
#include <edo/coro/detail/thread_cell.hpp>
#include <edo/runtime/metrics.hpp>
#include <edo/task/spawn.hpp>

#include <optional>

namespace edo {
namespace detail {

/// The future of a block_on.
template <class T>
class root_future final : public thread_cell {
public:
    explicit root_future(task<T>&& t) {
        connect(std::move(t), result_);
        point = result_.child;
    }
    T take() { return result_.take(); }

private:
    sink<T> result_;
};

/// What it awaits outlives it, so it is borrowed and need not be movable.
template <class A>
auto as_root(A&& awaitable) {
    using result = as_task_value_t<A>;
    if constexpr (is_a_task<A>) {
        return task<result>(std::move(awaitable));
    } else {
        return [](A&& borrowed) -> task<result> {
            co_return co_await std::forward<A>(borrowed);
        }(std::forward<A>(awaitable));
    }
}

/// Runs an awaitable to its end on this thread. Throws std::logic_error inside a task.
template <class A>
auto block_on(runtime_core& core, bool may_lend, A&& awaitable, const std::source_location& where) {
    using result = as_task_value_t<A>;
    const core_ref keep(core);  // the future may shut the runtime down
    root_future<result> root(as_root(std::forward<A>(awaitable)));
    core.block_on(root, may_lend, where);
    if constexpr (std::is_reference_v<result>) {
        return std::remove_cvref_t<result>(root.take());
    } else {
        return root.take();
    }
}

}  // namespace detail

/// While it lives, edo::spawn and its kin on this thread go to its runtime. Guards end in the reverse
/// order of their making, on their thread, and not across a co_await: otherwise the program ends
/// with a message.
class EDO_API enter_guard {
public:
    enter_guard(const enter_guard&) = delete;
    enter_guard& operator=(const enter_guard&) = delete;
    ~enter_guard();

private:
    friend class runtime_handle;
    friend class runtime;
    explicit enter_guard(detail::core_ref core) noexcept;
    detail::core_ref core_;
    detail::runtime_core* outer_;
    std::uint32_t depth_;
};

/// A reference to a runtime; it does not keep its tasks running. As tokio::runtime::Handle.
///
/// Thread safety  copyable; usable from any thread, also after the runtime has shut down: then
///                spawned tasks are cancelled.
class EDO_API runtime_handle {
public:
    /// The runtime that is entered on this thread. Throws no_runtime_error.
    [[nodiscard]] static runtime_handle current(
        std::source_location where = std::source_location::current());
    /// The same, or nothing.
    [[nodiscard]] static std::optional<runtime_handle> try_current() noexcept;

    /// edo::spawn on this runtime.
    template <class F, class... Args>
        requires spawnable<F, Args...>
    auto spawn(F&& f, Args&&... args) const -> join_handle<detail::spawn_result_t<F, Args...>> {
        return detail::spawn_on<detail::spawn_result_t<F, Args...>>(
            *core_, {}, true, std::forward<F>(f), std::forward<Args>(args)...);
    }
    /// edo::spawn(task) on this runtime.
    template <class T>
        requires spawnable<task<T>>
    auto spawn(task<T> t, std::source_location where = std::source_location::current()) const
        -> join_handle<T> {
        return detail::spawn_on<T>(*core_, {where}, true, std::move(t));
    }
    /// Refused: the message names the rule, the argument and the fix.
    template <class F, class... Args,
              class Why = detail::refusal<"edo::spawn", detail::k_send, F, Args...>>
    auto spawn(F&&, Args&&...) const;

    /// edo::spawn_blocking on this runtime.
    template <class F, class... Args>
        requires spawnable_blocking<F, Args...>
    auto spawn_blocking(F&& f, Args&&... args) const
        -> join_handle<detail::blocking_result_t<F, Args...>> {
        using base = detail::spawned<detail::blocking_result_t<F, Args...>>;
        return detail::handle_access::make(detail::launch_blocking<base>(
            *core_, {}, std::forward<F>(f), std::forward<Args>(args)...));
    }
    /// Refused: the message names the rule, the argument and the fix.
    template <class F, class... Args,
              class Why = detail::refusal<"edo::spawn_blocking", detail::k_blocking, F, Args...>>
    auto spawn_blocking(F&&, Args&&...) const;

    /// Runs an awaitable on the calling thread until it has ended, and returns its value or rethrows.
    /// It drives no tasks: on a current-thread runtime some other thread must be in
    /// runtime::block_on. It goes on, its timers too, when the runtime has shut down meanwhile. Throws
    /// std::logic_error inside a task, where only blocking closures and block_in_place may block.
    template <class A>
    auto block_on(A&& awaitable,
                  std::source_location where = std::source_location::current()) const {
        return detail::block_on(*core_, false, std::forward<A>(awaitable), where);
    }
    /// Enters the runtime on this thread while the guard lives.
    [[nodiscard]] enter_guard enter() const noexcept;
    /// Its counters.
    [[nodiscard]] runtime_metrics metrics() const noexcept;

    /// For the library: the runtime behind a handle.
    friend detail::runtime_core& core_of(const runtime_handle& handle) noexcept {
        return *handle.core_;
    }

private:
    friend class runtime;
    explicit runtime_handle(detail::core_ref core) noexcept : core_(std::move(core)) {}
    detail::core_ref core_;
};

}  // namespace edo
