#include "coro/context_here.hpp"

#include <edo/task/detail/fork_core.hpp>

namespace edo::detail {
namespace {

void abort(forked& child) noexcept {
    if (child.state.request_abort()) { child.home->schedule(child); }
}

}  // namespace

void forked::finish(bool) noexcept {
    result->destroy_child();
    in->leave(*this);
}

const cell* forked::as_cell() const noexcept { return in->identity(); }

const branch& forked::forked_by() const noexcept { return in->parent(); }

const cell* fork_core::identity() const noexcept {
    const cell_base* at = &parent_->owner();
    while (at->is_fork) { at = &static_cast<const forked*>(at)->in->parent_->owner(); }
    return at->as_cell();
}

bool fork_core::begin(std::coroutine_handle<> waiter) {
    branch& parent = *context_here().current;
    cell_base& owner = parent.owner();
    scheduler* home = owner.home;
    if (!owner.is_fork) {
        runtime_core& runtime = current_runtime("edo::fork_join", {});
        owner.side_or_make();  // later there may be no memory for it
        home = &runtime.tasks();
        if (owner.as_cell() == nullptr) {
            runtime.begin_root_fork();
            held_ = &runtime;
        }
    }
    parent_ = &parent;
    parent.point = waiter;
    const local_value* locals = locals_of(parent);
    for (forked& child : children_) {
        child.in = this;
        child.unconstrained = parent.unconstrained;
        child.inherit(*home, locals);
    }
    const int left = run(parent);
    if (left == 0) { return false; }
    add_fork_pin(*this, parent);
    parent.wait_on(this);
    if (pending_.fetch_add(left, acq_rel) + left != 0) { return true; }  // pairs with: leave()
    parent.wait_on(nullptr);
    remove_pin(*this);
    return owner.state.is_abort_requested();  // then the parent is dropped here
}

int fork_core::run(branch& parent) noexcept {
    context& cx = context_here();
    const auto n = static_cast<int>(children_.size());
    fork_lane* const lane = cx.locals == nullptr && !parent.owner().is_local ? cx.lane : nullptr;
    if (lane == nullptr) {  // not on a worker, or the parent must stay where it is
        for (forked& child : children_) { child.home->schedule(child); }
        return n;
    }
    // The newest is popped first, thieves take the oldest.
    int offered = n;
    while (offered > 1 && lane->offer(child_at(offered - 1))) { --offered; }
    int left = 0;
    for (int i = 0; i < n; ++i) {
        if (i >= offered) {
            // Elsewhere, with all that are older: a thief has it, or whoever took over the place; or the
            // worker's loop will, when all that is newer has unwound.
            if (cx.lane != lane || lane->is_unwinding) { return left + n - i; }
            cell_base* newest = lane->forks.pop();
            if (newest != &child_at(i)) {
                if (newest != nullptr) { static_cast<void>(lane->forks.push(*newest)); }
                return left + n - i;
            }
        }
        if (!run_here(child_at(i))) { ++left; }
    }
    return left;
}

bool fork_core::run_here(forked& child) noexcept {
    const context& cx = context_here();
    if (cx.lane == nullptr || !cx.lane->may_nest(cx.stack_floor)) {
        if (cx.lane == nullptr || !cx.lane->offer(child)) { child.home->schedule(child); }
        return false;
    }
    if (!run_fork(child)) { return false; }
    child.result->destroy_child();
    if (child.result->error) { note_failure(child); }
    return true;
}

void fork_core::note_failure(forked& child) noexcept {
    forked* none = nullptr;
    // release: pairs with the end of the child, which the parent waits for
    if (!failed_.compare_exchange(none, &child, release, relaxed)) { return; }
    for (forked& other : children_) {
        if (&other != &child) { abort(other); }
    }
}

void fork_core::leave(forked& child) noexcept {
    if (child.result->error) { note_failure(child); }
    // acq_rel: pairs with the other children's and with begin()
    if (pending_.fetch_sub(1, acq_rel) == 1) { claim(*parent_).enqueue(); }
}

void fork_core::cancel() noexcept {
    for (forked& child : children_) { abort(child); }
}

void fork_core::woken(branch& waiting) noexcept { pin_completed(*this, waiting); }

void fork_core::rethrow_first() {
    // acquire: pairs with note_failure(); the parent has seen the end of all children
    if (const forked* first = failed_.load(acquire)) { first->result->rethrow(); }
}

}  // namespace edo::detail
