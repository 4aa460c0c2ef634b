/// The only mutable thread-local: where the calling thread is.
#pragma once

#include <edo/base/config.hpp>
#include <edo/base/detail/fast_random.hpp>

#include <coroutine>
#include <cstdint>

namespace edo {
class local_set;
}

namespace edo::detail {

class branch;
class cell;
class cell_base;
class fork_child;
class fork_lane;
class group_child;
class local_core;
class place;
class runtime_core;
struct local_value;
struct worker_thread;

inline constexpr std::uint32_t task_budget = 128;       ///< operations a turn, as in Tokio
inline constexpr std::uint32_t no_budget = UINT32_MAX;  ///< unconstrained: outlasts every turn

/// A branch; or the child of a fork or of a group, which runs inside its parent and becomes a branch only if it
/// has to.
class branch_ref {
public:
    constexpr branch_ref() noexcept = default;
    branch_ref(branch* b) noexcept : bits_(reinterpret_cast<std::uintptr_t>(b)) {}
    branch_ref(fork_child& child) noexcept
        : bits_(reinterpret_cast<std::uintptr_t>(&child) | of_fork) {}
    branch_ref(group_child& child) noexcept
        : bits_(reinterpret_cast<std::uintptr_t>(&child) | of_group) {}
    /// False: none of them, this is no task.
    [[nodiscard]] explicit operator bool() const noexcept { return bits_ != 0; }
    [[nodiscard]] bool is_branch() const noexcept { return (bits_ & tags) == 0; }
    [[nodiscard]] bool is_fork_child() const noexcept { return (bits_ & of_fork) != 0; }
    // What it is.
    [[nodiscard]] branch& as_branch() const noexcept { return *reinterpret_cast<branch*>(bits_); }
    [[nodiscard]] fork_child& as_fork_child() const noexcept {
        return *reinterpret_cast<fork_child*>(bits_ ^ of_fork);
    }
    [[nodiscard]] group_child& as_group_child() const noexcept {
        return *reinterpret_cast<group_child*>(bits_ ^ of_group);
    }

private:
    static constexpr std::uintptr_t of_fork = 1, of_group = 2, tags = of_fork | of_group;
    std::uintptr_t bits_ = 0;
};

/// What the code that runs on this thread belongs to.
struct context {
    branch_ref current;                ///< whose code runs now
    std::coroutine_handle<> next;      ///< what the trampoline resumes next
    std::coroutine_handle<> handover;  ///< a foreign coroutine, resumed after the cell has parked
    cell_base* joined =
        nullptr;             ///< a fork's parent whose children have ended: it runs after this cell
    std::uint32_t hops = 0;  ///< transfers between coroutines, for the trampoline
    std::uint32_t awaiting = 0;  ///< what runs inside what awaits it, see depth_limit
    // These two are side by side as in parents_context.
    std::uint32_t enter_depth = 0;     ///< enter guards alive on this thread
    std::uint32_t budget = no_budget;  ///< operations left in this turn
    std::uint32_t budget_left = 0;     ///< what the last turn on this thread has not spent
    runtime_core* runtime = nullptr;   ///< entered: by a worker, block_on or an enter guard
    worker_thread* thread = nullptr;   ///< the worker thread that this is
    place* worker = nullptr;           ///< the worker place that this thread holds
    fork_lane* lane = nullptr;         ///< of that place
    cell_base* outermost = nullptr;    ///< whose turn this is; forks may run others inside
    std::uintptr_t stack_floor = 0;    ///< where the stack gets too short for forks inside of forks
    local_core* locals = nullptr;      ///< the local_set that is entered or runs now
    const local_value* thread_values = nullptr;  ///< task-locals outside of tasks (sync_scope)
    const cell* blocking = nullptr;              ///< the blocking closure that runs here
    std::uint64_t next_id = 0;                   ///< task ids that this thread has drawn ahead
    std::uint64_t last_id = 0;
    fast_random random{1};         ///< where a select starts
    bool blocking_allowed = true;  ///< block_on may be called
};

/// The context of the calling thread. Never inlined: the address of a thread-local must not be kept
/// across a suspension, after which the coroutine may run on another thread.
[[gnu::noinline]] EDO_API context& this_context() noexcept;

}  // namespace edo::detail
