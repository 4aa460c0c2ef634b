#include <edo/coro/detail/fork_child.hpp>
#include <edo/coro/detail/group_child.hpp>
#include <edo/coro/task.hpp>

namespace edo::detail {

/// The one that has what the nest shares.
const fork_parent& fork_parent::outermost() const noexcept {
    const fork_parent* at = this;
    while (at->enclosing_.is_fork_child()) { at = at->enclosing_.as_fork_child().in; }
    return *at;
}

const cell* task_of(const fork_parent& fork) noexcept { return fork.outermost().task_; }

EDO_NOINLINE void fork_child::make_cell(bool is_running) noexcept {
    const fork_parent& shared = in->outermost();
    ::new (static_cast<void*>(&cell_)) fork_cell(*this);
    cell_.inherit(*shared.home_, shared.locals_);
    cell_.unconstrained = shared.unconstrained_;
    if (is_running) {
        cell_.seen = !cell_.seen;     // a new cell counts as woken
        cell_.done = !result->child;  // destructors of parameters run after the end
    } else {
        auto frame = std::coroutine_handle<promise_base>::from_address(result->child.address());
        frame.promise().connect(nullptr, *result);
        cell_.point = frame;
    }
    // acq_rel: pairs with abort()
    if ((stage_.fetch_or(cell_bit, acq_rel) & abort_bit) != 0) {
        static_cast<void>(cell_.state.request_abort());  // it is owned: nobody has to queue it
    }
}

fork_cell& fork_child::become_queued() noexcept {
    make_cell(false);
    return cell_;
}

fork_cell& fork_child::become_branch() noexcept {
    make_cell(true);
    return cell_;
}

void fork_child::abort() noexcept {
    // acq_rel: pairs with make_cell()
    if ((stage_.fetch_or(abort_bit, acq_rel) & cell_bit) == 0) { return; }
    if (cell_.state.request_abort()) { cell_.home->schedule(cell_); }
}

void fork_cell::finish(bool) noexcept { child->in->leave(*child); }

const cell* fork_cell::as_cell() const noexcept { return task_of(*child->in); }

void become_branch(context& cx) noexcept {
    if (cx.current.is_fork_child()) {
        cx.current = &cx.current.as_fork_child().become_branch();
    } else {
        cx.current = &cx.current.as_group_child().become_branch();
    }
}

namespace {

/// The branch that it is, or that runs it; else the fork that runs it is the way to that.
branch* branch_at(branch_ref at) noexcept {
    if (at.is_fork_child()) { return nullptr; }
    return at.is_branch() ? &at.as_branch() : &at.as_group_child().parent();
}

}  // namespace

const branch* nearest_branch(const context& cx) noexcept {
    branch_ref at = cx.current;
    while (at.is_fork_child()) { at = at.as_fork_child().in->enclosing(); }
    return at ? branch_at(at) : nullptr;
}

const cell* running_task(const context& cx) noexcept {
    const branch_ref at = cx.current;
    return at.is_fork_child() ? task_of(*at.as_fork_child().in) : branch_at(at)->owner().as_cell();
}

bool must_unwind(const context& cx) noexcept {
    for (branch_ref at = cx.current;;) {
        const fork_child* child;
        if (at.is_fork_child()) {
            child = &at.as_fork_child();
            if (child->is_abort_requested()) { return true; }
        } else {
            const cell_base& cell = branch_at(at)->owner();
            if (!cell.is_fork || &cell == cx.outermost) { return false; }
            if (cell.state.is_abort_requested()) { return true; }
            child = static_cast<const fork_cell&>(cell).child;
        }
        at = child->in->enclosing();
    }
}

}  // namespace edo::detail
