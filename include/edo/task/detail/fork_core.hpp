/// A fork whose children may run on other workers, and whose parent waits for all of them.
#pragma once

#include <edo/coro/detail/branch_body.hpp>
#include <edo/coro/detail/fork_lane.hpp>
#include <edo/task/detail/cell.hpp>

#include <array>
#include <span>

namespace edo::detail {

class fork_core;

/// A child of a fork.
class EDO_API forked final : public fork_cell {
public:
    forked() noexcept = default;
    /// It is the coroutine that `body` owns.
    void runs(sink_base& body) noexcept {
        result = &body;
        point = body.child;
    }
    bool begin() noexcept override { return true; }
    void finish(bool dropped) noexcept override;
    [[nodiscard]] const cell* as_cell() const noexcept override;
    [[nodiscard]] const branch& forked_by() const noexcept override;

    fork_core* in = nullptr;
    sink_base* result = nullptr;
};

/// What does not depend on the types of the results.
///
/// The first child runs inside the parent, the others wait in the worker's deque, from which thieves take
/// them; what no thief took runs inside the parent, too. Mostly that is all: nothing was queued, no task
/// was suspended. A child that suspends, or that a thief has, goes on as a cell of its own, and the last
/// one of them wakes the parent:
///
///     pending = children that told their end here are subtracted; those that the parent leaves are added
///
/// Until the parent has added them nobody resumes it. A child's last access is its subtraction.
///
/// It is a pin: a parent that is dropped waits for its children, which are aborted. The first exception
/// aborts the others, too.
class EDO_API fork_core : public pin, public leaf_base {
public:
    using leaf_base::await_suspend;
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    template <edo_promise Promise>
    bool await_suspend(std::coroutine_handle<Promise> waiter) {
        return begin(waiter);
    }
    void cancel() noexcept override;
    void woken(branch& waiting) noexcept override;

    /// The cell of the task that forks.
    [[nodiscard]] const cell* identity() const noexcept;
    /// The branch that forks.
    [[nodiscard]] const branch& parent() const noexcept { return *parent_; }
    /// A child's frame is gone; its last access.
    void leave(forked& child) noexcept;

protected:
    fork_core() noexcept = default;
    fork_core(const fork_core&) = delete;
    fork_core& operator=(const fork_core&) = delete;
    ~fork_core() {
        if (held_ != nullptr) { held_->end_root_fork(); }
    }
    /// From the constructor of a derived class: its children, connected with their sinks.
    void open(std::span<forked> children) noexcept { children_ = children; }
    /// Throws the exception that came first, if one came.
    void rethrow_first();

private:
    bool begin(std::coroutine_handle<> waiter);
    [[nodiscard]] forked& child_at(int i) const noexcept {
        return children_[static_cast<std::size_t>(i)];
    }
    /// Runs all children, or hands them on. How many have not ended before this returns.
    int run(branch& parent) noexcept;
    /// Runs one inside the parent, if that may be; else somebody will later. Whether it has ended.
    bool run_here(forked& child) noexcept;
    void note_failure(forked& child) noexcept;

    std::span<forked> children_;
    branch* parent_ = nullptr;
    runtime_core* held_ = nullptr;  ///< of a parent that is no task
    atomic<int> pending_{0};
    atomic<forked*> failed_{nullptr};  ///< whose exception came first
};

}  // namespace edo::detail
