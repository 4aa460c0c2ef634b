#include "coro/context_here.hpp"

#include <edo/base/detail/fatal.hpp>
#include <edo/time/timeout.hpp>

namespace edo::detail {

/// The child runs first; if it does not end at once the waiting branch is woken and arms its timer.
/// From then on whichever comes first decides: the child's end or the timer's wake. In every state
/// exactly one more wake of the waiting branch is on its way, so none has to be taken back.
bool timeout_group::run(sink_base& body, std::coroutine_handle<> waiter) {
    if (!body.child) { throw_empty_task(); }
    context& cx = context_here();
    branch& parent = current_branch(cx);
    parent.owner().side_or_make();  // a cell with branches has one
    parent.point = waiter;
    if (child_.start(cx, parent, *this, body.child)) {
        state_ = state::ended;
        return parent.owner().state.is_abort_requested();  // then it is dropped here
    }
    parent.wait_on(this);
    parent_ = &parent;
    make_ready(parent);
    return true;
}

void timeout_group::woken(branch& waiting) noexcept {
    switch (state_) {
        case state::starting:
            state_ = state::waiting;
            arm_or_drop();
            break;
        case state::waiting:
            state_ = state::dropping;
            drop(*child_);
            break;
        case state::dropping: break;
        case state::ended:
        case state::elapsed: go_on(waiting); break;
    }
}

void timeout_group::arm_or_drop() noexcept {
    try {
        if (is_ahead_ || !sleep_.ready()) {
            sleep_.arm(*parent_);
            return;
        }
    } catch (...) { fatal("timeout: no runtime is entered"); }  // a task always runs in one
    state_ = state::dropping;
    drop(*child_);
}

child_branch* timeout_group::last_child() noexcept {
    return state_ < state::ended ? &*child_ : nullptr;
}

void timeout_group::forget(child_branch&) noexcept { state_ = state::elapsed; }

void timeout_group::child_ended(child_branch&) noexcept {
    const bool was_waiting = state_ == state::waiting;
    state_ = state::ended;
    if (was_waiting && !sleep_.disarm()) { make_ready(*parent_); }
}

void timeout_group::child_dropped(child_branch&) noexcept {
    state_ = state::elapsed;
    make_ready(*parent_);
}

}  // namespace edo::detail
