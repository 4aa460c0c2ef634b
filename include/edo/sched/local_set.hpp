/// Tasks that stay on one thread.
#pragma once

#include <edo/coro/detail/as_task.hpp>
#include <edo/task/spawn_local.hpp>

#include <memory>
#include <optional>

namespace edo {
namespace detail {

class local_set_core;

/// Waits on a set: drives its tasks whenever one is woken. With a child branch (run_until) it ends
/// with the child, without one when the set has no task left.
class EDO_API local_drive : public handler, public leaf_base, public list_link {
public:
    explicit local_drive(std::shared_ptr<local_set_core> set) noexcept;
    local_drive(const local_drive&) = delete;
    local_drive& operator=(const local_drive&) = delete;
    using leaf_base::await_suspend;
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    template <edo_promise Promise>
    void await_suspend(std::coroutine_handle<Promise> waiter) {
        begin(waiter);
    }
    void woken(branch& waiting) noexcept override;
    child_branch* last_child() noexcept override;
    void forget(child_branch& child) noexcept override;
    void child_ended(child_branch& child) noexcept override;

protected:
    ~local_drive();
    virtual sink_base* result() noexcept { return nullptr; }

private:
    friend class local_set_core;
    enum class state { starting, driving, ended };
    void begin(std::coroutine_handle<> waiter);
    bool may_start() noexcept;
    void start_child();
    [[nodiscard]] bool is_complete() const noexcept;
    std::shared_ptr<local_set_core> set_;
    std::optional<child_branch> child_;
    branch* parent_ = nullptr;
    bool is_waiting_ = false;  // guarded by the set's lock: `parent_` may be claimed
    state state_ = state::starting;
};

/// `co_await set`
class local_drain final : public local_drive {
public:
    using local_drive::local_drive;
    void await_resume() const noexcept {}
};

/// `co_await set.run_until(f)`
template <class T>
class local_run_until final : public local_drive {
public:
    local_run_until(std::shared_ptr<local_set_core> set, task<T> inner)
        : local_drive(std::move(set)) {
        connect(std::move(inner), result_);
    }
    T await_resume() { return result_.take(); }

private:
    sink_base* result() noexcept override { return &result_; }
    sink<T> result_;
};

/// A callable is called, anything else is awaited.
template <class F>
auto call_or_await(F&& f) {
    if constexpr (std::is_invocable_v<F>) {
        return std::forward<F>(f)();
    } else {
        return as_task(std::forward<F>(f));
    }
}

EDO_API task_owner& owner_of(local_set_core& core) noexcept;

}  // namespace detail

/// A set of tasks that all run on the thread which drives it, one at a time, and may hold what must
/// not change threads. As tokio::task::LocalSet.
///
/// Driving        `co_await set.run_until(f)`, `co_await set`, `set.block_on(rt, f)`. Between these
///                its tasks do not run. It binds to the thread, and the task, that first drives it;
///                a task of a multi-thread runtime then stays on its worker.
/// Destruction    drops the tasks that are left, on the thread that drove it; on another thread the
///                program ends with a message.
/// Thread safety  none, but wakes, aborts and joins of its tasks may come from any thread.
class EDO_API local_set {
public:
    class enter_guard;
    /// A set without tasks. Throws std::bad_alloc.
    local_set();
    local_set(const local_set&) = delete;
    local_set& operator=(const local_set&) = delete;
    ~local_set();

    /// `co_await set.run_until(f)` awaits f() (or an awaitable), which may borrow and may use
    /// spawn_local, and drives the set meanwhile. Tasks that are left afterwards stay in the set.
    template <class F>
    [[nodiscard("co_await it")]] auto run_until(F&& f) {
        auto inner = detail::call_or_await(std::forward<F>(f));
        return detail::local_run_until<typename detail::task_value<decltype(inner)>::type>(
            core_, std::move(inner));
    }
    /// `co_await set` drives the set until it has no task left.
    auto operator co_await() { return detail::local_drain(core_); }
    /// rt.block_on(run_until(f)).
    template <class Runtime, class F>
    auto block_on(Runtime& rt, F&& f,
                  std::source_location where = std::source_location::current()) {
        return rt.block_on(drive(*this, detail::call_or_await(std::forward<F>(f))), where);
    }

    /// Adds a task, from the thread of the set; see edo::spawn_local.
    template <class F, class... Args>
        requires spawnable_local<F, Args...>
    auto spawn_local(F&& f, Args&&... args) -> join_handle<detail::spawn_result_t<F, Args...>> {
        return detail::spawn_on<detail::spawn_result_t<F, Args...>>(
            detail::owner_of(*core_), {}, false, std::forward<F>(f), std::forward<Args>(args)...);
    }
    /// The same from a coroutine that was made already.
    template <class T>
        requires spawnable_local<task<T>>
    auto spawn_local(task<T> t, std::source_location where = std::source_location::current())
        -> join_handle<T> {
        return detail::spawn_on<T>(detail::owner_of(*core_), {where}, false, std::move(t));
    }
    /// Refused: the message names the rule, the argument and the fix.
    template <class F, class... Args,
              class Why = detail::refusal<"edo::spawn_local", detail::k_local, F, Args...>>
    auto spawn_local(F&&, Args&&...);

    /// edo::spawn_local goes to this set while the guard lives. Not across a co_await.
    [[nodiscard]] enter_guard enter() noexcept;

    /// For the library: what owns the tasks.
    friend detail::task_owner& core_of(local_set& set) noexcept {
        return detail::owner_of(*set.core_);
    }

private:
    /// run_until's awaiter stays where it is made; block_on moves what it awaits.
    template <class T>
    static task<T> drive(local_set& set, task<T> inner) {
        co_return co_await set.run_until(std::move(inner));
    }
    std::shared_ptr<detail::local_set_core> core_;
};

/// While it lives, edo::spawn_local goes to its set. Guards end in reverse order.
class EDO_API local_set::enter_guard {
public:
    enter_guard(const enter_guard&) = delete;
    enter_guard& operator=(const enter_guard&) = delete;
    ~enter_guard();

private:
    friend class local_set;
    explicit enter_guard(detail::local_core* set) noexcept;
    detail::local_core* outer_;
};

/// A set stays on its thread.
template <>
inline constexpr bool enable_sendable<local_set> = false;

}  // namespace edo
