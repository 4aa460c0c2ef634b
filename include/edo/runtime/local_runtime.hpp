/// A current-thread runtime whose tasks may be local.
#pragma once

#include <edo/runtime/runtime.hpp>
#include <edo/sched/local_set.hpp>

namespace edo {

/// A current-thread runtime on which spawn_local works without a local_set, in ordinary tasks as in
/// local ones. As tokio::runtime::LocalRuntime. It stays on the thread that made it.
class EDO_API local_runtime {
public:
    class enter_guard;
    /// A runtime with default options. Throws std::bad_alloc.
    local_runtime() : local_runtime(runtime::current_thread()) {}
    /// A runtime with the options of a current-thread builder.
    explicit local_runtime(runtime_builder builder) : runtime_(builder.build()) {
        auto& core = core_of(runtime_.handle());
        core.keep_locals(&core_of(set_));
        core_of(set_).hooks = core.hooks;
    }
    local_runtime(const local_runtime&) = delete;
    local_runtime& operator=(const local_runtime&) = delete;
    /// Drops all its tasks.
    ~local_runtime() { core_of(runtime_.handle()).keep_locals(nullptr); }

    /// Runs f() or an awaitable on this thread, and the tasks beside it; see runtime::block_on.
    template <class F>
    auto block_on(F&& f, std::source_location where = std::source_location::current()) {
        return set_.block_on(runtime_, std::forward<F>(f), where);
    }
    /// Adds a local task; it runs in block_on. See edo::spawn_local.
    template <class... Spawned>
    auto spawn_local(Spawned&&... what)
        -> decltype(std::declval<local_set&>().spawn_local(std::forward<Spawned>(what)...)) {
        return set_.spawn_local(std::forward<Spawned>(what)...);
    }
    /// A handle to the runtime; its spawn takes ordinary tasks.
    [[nodiscard]] runtime_handle handle() const { return runtime_.handle(); }
    /// Enters runtime and set on this thread while the guard lives.
    [[nodiscard]] enter_guard enter();

private:
    runtime runtime_;
    local_set set_;
};

/// While it lives, spawn and spawn_local on this thread go to its local_runtime.
class local_runtime::enter_guard {
public:
    enter_guard(const enter_guard&) = delete;
    enter_guard& operator=(const enter_guard&) = delete;

private:
    friend class local_runtime;
    explicit enter_guard(local_runtime& owner)
        : runtime_(owner.runtime_.enter()), set_(owner.set_.enter()) {}
    edo::enter_guard runtime_;
    local_set::enter_guard set_;
};

inline local_runtime::enter_guard local_runtime::enter() { return enter_guard(*this); }

/// It stays on its thread.
template <>
inline constexpr bool enable_sendable<local_runtime> = false;

}  // namespace edo
