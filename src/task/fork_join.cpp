#include "coro/context_here.hpp"

#include <edo/task/detail/fork_core.hpp>

namespace edo::detail {

EDO_NOINLINE bool fork_core::settle_one(fork_child& child, const parents_context& outer) noexcept {
    course_ = course::special;
    if (!settle(child, outer)) { return false; }
    if (child.result->error) { note_failure(child); }
    return true;
}

/// Whether it has ended.
EDO_ALWAYS_INLINE bool fork_core::run_one(context& cx, fork_child& child) noexcept {
    sink_base& result = *child.result;
    if (child.is_abort_requested()) [[unlikely]] {
        course_ = course::special;
        result.destroy_child();
        return true;
    }
    auto frame = std::coroutine_handle<promise_base>::from_address(result.child.address());
    const parents_context outer = {cx.current, cx.enter_depth, cx.budget};
    cx.current = child;
    frame.promise().connect(nullptr, result);
    frame.resume();
    if (cx.next || !child.is_untouched()) [[unlikely]] { return settle_one(child, outer); }
    cx.current = outer.current;
    if (result.error) [[unlikely]] {
        course_ = course::special;
        note_failure(child);
    }
    return true;
}

// What follows tells how many children have not ended.

EDO_NOINLINE int fork_core::queue(std::span<fork_child> children) noexcept {
    for (fork_child& child : children) {
        fork_cell& cell = child.become_queued();
        cell.home->schedule(cell);
    }
    return static_cast<int>(children.size());
}

/// The worker's loop takes the first one first.
EDO_NOINLINE int fork_core::leave_to(fork_lane& lane) noexcept {
    std::span<fork_child> rest = children_;
    while (!rest.empty() && lane.offer(rest.back())) { rest = rest.first(rest.size() - 1); }
    static_cast<void>(queue(rest));
    return static_cast<int>(children_.size());
}

/// Runs the first one, and then what nobody has taken.
template <std::size_t Count>
EDO_ALWAYS_INLINE int fork_core::run_here(context& cx, fork_lane& lane,
                                          std::span<fork_child, Count> children) noexcept {
    fork_child* const first = children.data();
    fork_child* const end = first + children.size();
    fork_child* offered = end;  // the newest is taken back first, thieves take the oldest
    while (offered - 1 > first && lane.offer(offered[-1])) { --offered; }
    int left = 0;
    if (offered - 1 > first) [[unlikely]] { left = queue({first + 1, offered}); }
    if (!run_one(cx, *first)) { ++left; }
    for (fork_child* child = offered; child < end; ++child) {
        if (cx.lane != &lane || !lane.take_back(*child)) {
            return left + static_cast<int>(end - child);
        }
        if (!run_one(cx, *child)) { ++left; }
    }
    return left;
}

/// The fork of a branch. Whether its children may run here.
EDO_NOINLINE bool fork_core::open(context& cx) {
    branch& parent = current_branch(cx);
    cell_base& owner = parent.owner();
    home_ = owner.home;
    task_ = owner.as_cell();
    is_in_fork_ = owner.is_fork;
    if (!is_in_fork_) {
        runtime_core& runtime = current_runtime("edo::fork_join", {});
        owner.side_or_make();  // later there may be no memory for it
        home_ = &runtime.tasks();
        if (task_ == nullptr) {
            runtime.begin_root_fork();
            held_ = &runtime;
        }
    }
    locals_ = locals_of(parent);
    unconstrained_ = parent.unconstrained;
    return !owner.is_local;  // else the parent must stay where it is
}

template <std::size_t Count>
bool fork_core::run(std::span<fork_child, Count> children) {
    // Not context_here(): GCC's UBSan would take the inlined address for null in run_one().
    context& cx = this_context();
    children_ = children;
    held_ = nullptr;
    // A child that runs inside its parent is on a worker, and what it needs is known further out.
    const bool may_run = cx.current.is_fork_child() || open(cx);
    enclosing_ = cx.current;
    course_ = held_ == nullptr ? course::plain : course::special;
    if (may_run && cx.lane != nullptr && cx.locals == nullptr) [[likely]] {
        fork_lane& lane = *cx.lane;
        left_ = lane.may_nest(cx.stack_floor) ? run_here(cx, lane, children) : leave_to(lane);
    } else {
        left_ = queue(children);
    }
    if (left_ == 0) [[likely]] { return true; }
    course_ = course::special;
    return false;
}
template bool fork_core::run(std::span<fork_child, 2>);
template bool fork_core::run(std::span<fork_child>);

EDO_NOINLINE void fork_core::note_failure(fork_child& child) noexcept {
    fork_child* none = nullptr;
    // release: pairs with rethrow_first(), after the end of all children
    if (!failed_.compare_exchange(none, &child, release, relaxed)) { return; }
    for (fork_child& other : children_) {
        if (&other != &child) { other.abort(); }
    }
}

bool fork_core::suspend(std::coroutine_handle<> waiter) {
    branch& parent = current_branch(context_here());
    parent.point = waiter;
    add_fork_pin(*this, parent);
    parent.wait_on(this);
    if (pending_.fetch_add(left_, acq_rel) + left_ != 0) { return true; }  // pairs with: leave()
    parent.wait_on(nullptr);
    remove_pin(*this);
    return parent.owner().state.is_abort_requested();  // then the parent is dropped here
}

void fork_core::leave(fork_child& child) noexcept {
    if (child.result->error) { note_failure(child); }
    // acq_rel: pairs with the other children's and with suspend()
    if (pending_.fetch_sub(1, acq_rel) != 1) { return; }
    context& cx = context_here();
    const bool is_in_fork = enclosing_.is_fork_child() || is_in_fork_;
    cell_base& parent = at().owner();
    const claimed woken = claim(at());
    if (woken && is_in_fork && cx.lane != nullptr && cx.joined == nullptr) {
        cx.joined = &parent;  // see executor::run()
    } else {
        woken.enqueue();
    }
}

void fork_core::cancel() noexcept {
    for (fork_child& child : children_) { child.abort(); }
}

void fork_core::woken(branch& waiting) noexcept { pin_completed(*this, waiting); }

void fork_core::rethrow_first() {
    // acquire: pairs with note_failure(); the parent has seen the end of all children
    if (const fork_child* first = failed_.load(acquire)) { first->result->rethrow(); }
}

}  // namespace edo::detail
