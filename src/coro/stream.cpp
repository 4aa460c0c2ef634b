#include "coro/context_here.hpp"

#include <edo/base/detail/fatal.hpp>
#include <edo/coro/detail/fork_child.hpp>
#include <edo/coro/detail/stream_core.hpp>

#include <stdexcept>

namespace edo::detail {

stream_core::stream_core(promise_base& generator) noexcept
    : sink_base(handle_of(generator)), point_(handle_of(generator)) {
    generator.connect(nullptr, *this);
}

stream_core::~stream_core() {
    if (state_ != state::under_way) { return; }
    const context& cx = this_context();
    // The child of a fork counts as a task of its own, whether or not it is a cell already.
    const branch* here = cx.current.is_fork_child() ? nullptr : nearest_branch(cx);
    if (here == nullptr || &here->owner() != branch_->cell) {
        fatal("a stream whose next() was dropped half-way can be destroyed by its task only");
    }
    task_ends();
}

bool stream_core::ask(std::coroutine_handle<> waiter) {
    context& cx = context_here();
    branch& asking = current_branch(cx);
    cell_base& cell = asking.owner();
    check_task(cell);
    cell.side_or_make();  // a cell with branches has one
    asking.point = waiter;
    if (state_ == state::suspended) {
        state_ = state::inside;
        const bool has_returned = branch_.start(cx, asking, *this, point_);
        if (has_returned && state_ == state::inside) { state_ = state::ended; }
        if (state_ != state::inside) {
            return cell.state.is_abort_requested();  // then the waiter is dropped here
        }
        state_ = state::under_way;
        cell.side()->bound.push_back(*this);
    } else {
        attach(asking);
    }
    asking_ = &asking;
    asking.wait_on(this);
    return true;
}

void stream_core::check_task(const cell_base& here) const {
    if (state_ == state::under_way && branch_->cell != &here) {
        throw std::logic_error(
            "edo: the next() of this stream was dropped half-way in another task; only that task can "
            "go on");
    }
}

/// Under way already: its pins hold the one who asks, too.
void stream_core::attach(branch& asking) noexcept {
    branch_->parent = &asking;
    count_pins(asking, branch_->waits()->pins);
}

void stream_core::stop_asking() noexcept {
    asking_ = nullptr;
    if (state_ == state::under_way) {
        branch_->parent = nullptr;
    }  // it has no pin: see last_child()
}

bool stream_core::close(std::coroutine_handle<> waiter) {
    if (state_ != state::under_way) {
        destroy_child();
        state_ = state::ended;
        return false;
    }
    branch& asking = current_branch(this_context());
    check_task(asking.owner());
    asking.point = waiter;
    attach(asking);
    drop(*branch_);
    if (state_ == state::ended) { return false; }
    asking_ = &asking;
    asking.wait_on(this);
    return true;
}

void* stream_core::take() {
    asking_ = nullptr;
    if (state_ == state::has_item) {
        state_ = state::suspended;
        return item_;
    }
    destroy_child();
    if (error) { rethrow(); }
    return nullptr;
}

void stream_core::yield(void* item, std::coroutine_handle<> point) noexcept {
    item_ = item;
    point_ = point;
    if (branch_) { branch_->point = point; }
    arrive(state::has_item);
}

void stream_core::arrive(state now) noexcept {
    if (std::exchange(state_, now) != state::under_way) { return; }
    intrusive_list<task_bound>::erase(*this);
    if (asking_ != nullptr) { make_ready(*asking_); }
}

/// When a branch that asks is dropped the generator stays; but one whose pin was cancelled for that goes
/// with it.
child_branch* stream_core::last_child() noexcept {
    return state_ == state::under_way && branch_->dying ? &*branch_ : nullptr;
}

void stream_core::forget(child_branch&) noexcept { arrive(state::ended); }

void stream_core::task_ends() noexcept {
    asking_ = nullptr;
    if (branch_->waits()->pins != 0) {
        fatal(
            "a stream was destroyed while it waited for what cannot be dropped at once; co_await its "
            "close() before");
    }
    drop(*branch_);
}

}  // namespace edo::detail
