/// Giving way to other tasks: yield_now and the cooperative budget.
#pragma once

#include <edo/coro/task.hpp>

namespace edo {
namespace detail {

/// Goes to the back of the queue.
class yield_leaf : public leaf<yield_leaf> {
public:
    yield_leaf() noexcept {}
    [[nodiscard]] bool ready() const noexcept { return false; }
    bool arm(suspension& waiter) noexcept {
        defer(static_cast<branch&>(waiter));
        return true;
    }
    void await_resume() const noexcept {}
};

/// Lets the running branch spend no budget, for the life of a coroutine.
class unconstrained_scope {
public:
    unconstrained_scope() noexcept
        : branch_(&current_branch(this_context())),
          before_(branch_->unconstrained),
          budget_(this_context().budget) {
        branch_->unconstrained = true;
        this_context().budget = no_budget;
    }
    ~unconstrained_scope() {
        branch_->unconstrained = before_;
        if (!before_) { this_context().budget = budget_; }
    }
    unconstrained_scope(const unconstrained_scope&) = delete;
    unconstrained_scope& operator=(const unconstrained_scope&) = delete;

private:
    branch* branch_;
    bool before_;
    std::uint32_t budget_;
};

}  // namespace detail

/// `co_await yield_now()` puts the task at the back of its queue. As tokio::task::yield_now: other
/// tasks and timers get a turn, in no promised order.
///
/// Cancel safety  an abort takes effect here.
[[nodiscard("co_await it")]] inline detail::yield_leaf yield_now() noexcept { return {}; }

/// `co_await consume_budget()` spends one of the 128 operations that a task may do in one turn
/// (tokio::task::coop), and yields when none is left. For loops that await nothing else.
[[nodiscard("co_await it")]] inline detail::budget_leaf consume_budget() noexcept { return {}; }

/// Whether the running task has budget left. True outside of tasks.
[[nodiscard]] inline bool has_budget_remaining() noexcept {
    return detail::this_context().budget > 0;
}

/// Runs `inner` without a budget: it never yields because of ready operations.
template <class T>
task<T> unconstrained(task<T> inner) {
    detail::unconstrained_scope scope;
    co_return co_await std::move(inner);
}

}  // namespace edo
