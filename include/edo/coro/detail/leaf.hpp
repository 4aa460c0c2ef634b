/// The base of everything of the library that suspends a task.
#pragma once

#include <edo/coro/detail/fork_child.hpp>

#include <concepts>
#include <coroutine>

/// What a compiler prints when an awaitable of Edo stands in another library's coroutine.
namespace edo::why {
struct in_another_coroutine_spawn_a_task_and_wait_for_its_handle;
template <class Instead>
struct edo_awaitables_are_awaited_in_an_edo_task;
}  // namespace edo::why

namespace edo::detail {

class promise_base;

template <class Promise>
concept edo_promise = std::derived_from<Promise, promise_base>;

/// What tells Edo's awaiters from those of other libraries. Each has its own await_suspend for the
/// coroutines of Edo, and says `using leaf_base::await_suspend`.
struct leaf_base {
    /// Elsewhere the compiler prints `Why`, since there is no body to deduce a result from.
    template <class Promise, class Why = why::edo_awaitables_are_awaited_in_an_edo_task<
                                 why::in_another_coroutine_spawn_a_task_and_wait_for_its_handle>>
        requires(!edo_promise<Promise>)
    auto await_suspend(std::coroutine_handle<Promise>);
};

/// Takes one unit of the cooperative budget. False: none is left, the task has to yield.
inline bool spend_budget(context& cx) noexcept {
    if (cx.budget == 0) { return false; }
    if (cx.budget != no_budget) { --cx.budget; }
    return true;
}

/// A droppable leaf. `Derived` supplies
///     bool ready()              can complete now; stays true until await_resume() takes the result,
///                               so that a leaf which is dropped in between loses nothing
///     bool arm(suspension&)     makes the branch known to its waker; false: became ready meanwhile;
///                               or arm(suspension&, context&)
///     T    await_resume()
/// and a destructor that unregisters, whatever races with it.
template <class Derived>
class leaf : public leaf_base {
public:
    using leaf_base::await_suspend;
    bool await_ready() { return self().ready() && spend_budget(this_context()); }
    template <edo_promise Promise>
    bool await_suspend(std::coroutine_handle<Promise> waiter) {
        return suspend(waiter);
    }
    /// Suspends the current branch at `waiter`. False: it can go on at once.
    bool suspend(std::coroutine_handle<> waiter) {
        context& cx = this_context();
        branch& b = current_branch(cx);
        b.point = waiter;
        if (cx.budget == 0 && self().ready()) {
            defer(b);
            b.owner().owes_budget = true;  // the operation is charged to the next turn
            return true;
        }
        if constexpr (requires { self().arm(b, cx); }) {
            return self().arm(b, cx);
        } else {
            return self().arm(b);
        }
    }

private:
    Derived& self() noexcept { return static_cast<Derived&>(*this); }
};

/// Completes at once, for one unit of budget.
class budget_leaf : public leaf<budget_leaf> {
public:
    budget_leaf() noexcept {}
    [[nodiscard]] bool ready() const noexcept { return true; }
    [[nodiscard]] bool arm(suspension&) const noexcept { return false; }
    void await_resume() const noexcept {}
};

/// Awaits a leaf that is a temporary of the await expression, and dies with it.
template <class Leaf>
class leaf_ref : public leaf_base {
public:
    explicit leaf_ref(Leaf& leaf) noexcept : leaf_(&leaf) {}
    bool await_ready() { return leaf_->await_ready(); }
    template <class Promise>
    auto await_suspend(std::coroutine_handle<Promise> waiter) {
        return leaf_->await_suspend(waiter);
    }
    decltype(auto) await_resume() { return leaf_->await_resume(); }

protected:
    Leaf* leaf_;
};

/// Awaits an operation of several branches, all of which lies in the object that is awaited. It supplies
///     bool ready()                            it has ended
///     bool suspend(std::coroutine_handle<>)   suspends the branch there; false: it can go on
///     T    take()                             its result
template <class Operation>
class operation_awaiter final : public leaf_base {
public:
    explicit operation_awaiter(Operation& operation) noexcept : operation_(&operation) {}
    using leaf_base::await_suspend;
    bool await_ready() { return operation_->ready(); }
    template <edo_promise Promise>
    bool await_suspend(std::coroutine_handle<Promise> waiter) {
        return operation_->suspend(waiter);
    }
    decltype(auto) await_resume() { return operation_->take(); }

private:
    Operation* operation_;
};

/// Awaits an lvalue that may outlive the branch: dropped, it must not keep the suspension.
template <class Leaf>
class borrowed_leaf : public leaf_ref<Leaf> {
public:
    using leaf_ref<Leaf>::leaf_ref;
    borrowed_leaf(const borrowed_leaf&) = delete;
    borrowed_leaf& operator=(const borrowed_leaf&) = delete;
    ~borrowed_leaf() {
        if constexpr (requires(Leaf& leaf) { leaf.disarm(); }) {
            if (is_suspended_) { this->leaf_->disarm(); }
        }
    }
    template <class Promise>
    auto await_suspend(std::coroutine_handle<Promise> waiter) {
        is_suspended_ = true;
        return leaf_ref<Leaf>::await_suspend(waiter);
    }
    decltype(auto) await_resume() {
        is_suspended_ = false;
        return leaf_ref<Leaf>::await_resume();
    }

private:
    bool is_suspended_ = false;
};

}  // namespace edo::detail
