#include "coro/branches.hpp"
#include "coro/context_here.hpp"

#include <edo/base/detail/fatal.hpp>
#include <edo/coro/detail/fork_child.hpp>
#include <edo/coro/task.hpp>

#include <utility>

/// One turn of a task. The rules that keep it safe (docs/task_lifecycle.md):
/// - publish first, park last: until park() succeeds the worker owns cell and frames, so an
///   await_suspend may touch its awaiter after it has made it known to a waker; what is awaited may
///   take a turn inside the await (drive_inside, group_child::start, fork_core::run);
/// - what runs is never what is destroyed: a branch's frames are dropped in a step of its turn; a group
///   may let branches of its own be dropped while it starts others; a frame that ends frees itself.
/// How frames are dropped is in drop.cpp.
namespace edo::detail {
namespace {

/// Installs a cell in the thread's context for one turn.
class turn_scope {
public:
    turn_scope(context& cx, bool fresh_budget) noexcept
        : cx_(cx),
          current_(cx.current),
          budget_(cx.budget),
          locals_(cx.thread_values),
          blocking_allowed_(std::exchange(cx.blocking_allowed, false)),
          outermost_(cx.outermost) {
        cx.budget = fresh_budget ? task_budget : cx.budget_left;
        cx.thread_values = nullptr;
    }
    ~turn_scope() {
        cx_.current = current_;
        cx_.budget_left = cx_.budget;
        cx_.budget = budget_;
        cx_.thread_values = locals_;
        cx_.blocking_allowed = blocking_allowed_;
        cx_.outermost = outermost_;
    }
    turn_scope(const turn_scope&) = delete;
    turn_scope& operator=(const turn_scope&) = delete;

private:
    context& cx_;
    branch_ref current_;
    std::uint32_t budget_;
    const local_value* locals_;
    bool blocking_allowed_;
    cell_base* outermost_;
};

constexpr std::uint32_t steps_a_turn = 4 * task_budget;

void branch_ended(branch& b) noexcept {
    if (b.is_child) {
        auto& child = static_cast<child_branch&>(b);
        child.group->child_ended(child);
    } else {
        b.owner().ended = true;
    }
}

void check_enter_guards(const context& cx, std::uint32_t before) noexcept {
    if (cx.enter_depth != before) {
        fatal("an enter() guard was held across a co_await; release it before suspending");
    }
}

/// Resumes a coroutine and whatever it transfers to, until something suspends.
void trampoline(context& cx, std::coroutine_handle<> coroutine) noexcept {
    const std::uint32_t enter_depth = cx.enter_depth;
    do {
        coroutine.resume();
        coroutine = std::exchange(cx.next, {});
    } while (coroutine);
    check_enter_guards(cx, enter_depth);
}

/// Runs a branch from where it is. What is without a budget there spends none, and leaves the turn's as
/// it was.
void run_branch(context& cx, branch& b) noexcept {
    const std::uint32_t budget = cx.budget;
    if (b.unconstrained) { cx.budget = no_budget; }
    trampoline(cx, b.point);
    if (cx.budget == no_budget) { cx.budget = budget; }
}

/// The first steps of the root branch of a cell. False: the cell has ended.
bool start(context& cx, cell_base& cell) noexcept {
    cx.current = &cell.root();
    if (!cell.begin()) { return false; }
    run_branch(cx, cell.root());
    return !cell.done;
}

/// Lets a branch go on at its innermost coroutine.
void resume(branch& b) noexcept {
    context& cx = context_here();
    cx.current = &b;
    const local_scope_of inside(cx, b);
    run_branch(cx, b);
    if (b.done) { branch_ended(b); }
}

/// Lets the root go on, or start.
void resume_root(cell_base& cell) noexcept {
    context& cx = context_here();
    if (cell.point) {
        cx.current = &cell.root();
        run_branch(cx, cell.root());
        cell.ended = cell.done;
    } else {
        cell.ended = !start(cx, cell);
    }
}

void wake(branch& b) noexcept {
    if (handler* what = b.waits_on()) {
        what->woken(b);
    } else if (outermost_dying(b) != nullptr) {
        // It is not woken any more.
    } else if (b.is_child) {
        resume(b);
    } else {
        resume_root(b.owner());
    }
}

/// The same for the root; mostly a task has no branches.
EDO_ALWAYS_INLINE void wake_root(cell_base& cell) noexcept {
    if (cell.side() != nullptr || cell.is_fork) {
        wake(cell.root());
    } else if (!cell.dying) {
        resume_root(cell);
    }
}

/// The turn is over without a park: what yielded is ready in the next one.
void end_yielded_turn(cell_base& cell) noexcept {
    cell.yielded = false;
    if (cell.root_deferred) {
        cell.root_deferred = false;
        cell.seen = !cell.seen;
    }
    side_block* side = cell.side();
    if (side == nullptr) { return; }
    // Who came first has spent the budget; next time another branch does.
    if (context_here().budget == 0) {
        if (child_branch* first = side->deferred.pop()) { side->deferred.push(*first); }
    }
    side->ready.append(side->deferred);
}

/// One step of a turn. False: nothing was left to do. Branches come before the root, so that a group
/// sees its children run before it is woken itself.
bool step(cell_base& cell, state_word::value seen) noexcept {
    if ((seen & state_word::abort) != 0 && !cell.dying) {
        drop(cell.root());
    } else if ((seen & ~state_word::flags) != 0) {
        collect_branches(cell, seen);
    } else if (child_branch* ready = cell.side() != nullptr ? cell.side()->ready.pop() : nullptr) {
        wake(*ready);
    } else if (((seen & state_word::wake) != 0) != cell.seen) {
        cell.seen = !cell.seen;
        wake_root(cell);
    } else {
        return false;
    }
    return true;
}

EDO_NOINLINE void end_bound(side_block& side) noexcept {
    while (task_bound* left = side.bound.front()) { left->task_ends(); }
}
/// What its code has left under way.
void end_bound(cell_base& cell) noexcept {
    if (side_block* side = cell.side()) { end_bound(*side); }
}

/// `dropped`: it has neither come to its end nor failed to begin.
void finish(context& cx, cell_base& cell, bool dropped) noexcept {
    cx.current = &cell.root();
    end_bound(cell);
    cell.finish(dropped);
}

/// An operation that the turn before could not pay for.
void pay_debt(context& cx, cell_base& cell) noexcept {
    if (!cell.owes_budget) { return; }
    cell.owes_budget = false;
    static_cast<void>(spend_budget(cx));
}

turn run_turn(cell_base& cell) noexcept {
    for (std::uint32_t steps = 0;;) {
        const state_word::value seen = cell.state.look();
        // Branches that wake each other for ever must not keep the worker.
        if (steps++ == steps_a_turn || !step(cell, seen)) {
            cell.awaited_here = false;  // it goes on elsewhere
            if (cell.yielded || steps > steps_a_turn || !(cell.is_kept || cell.home->keep(cell))) {
                end_yielded_turn(cell);
                return turn::yielded;
            }
            if (cell.state.park(seen)) { return turn::parked; }
        } else if (cell.ended) {
            const turn result = cell.awaited_here ? turn::ended_here : turn::ended;
            finish(context_here(), cell, !cell.done);
            return result;
        }
    }
}

}  // namespace

void collect_branches(cell_base& cell, state_word::value seen) noexcept {
    child_branch* newest = cell.state.take_branches(seen);
    child_branch* oldest = nullptr;
    while (newest != nullptr) {
        child_branch* following = std::exchange(newest->next, oldest);
        oldest = std::exchange(newest, following);
    }
    while (oldest != nullptr) { cell.side()->ready.push(*std::exchange(oldest, oldest->next)); }
}

turn drive(cell_base& cell, bool fresh_budget) noexcept {
    context& cx = context_here();
    turn result;
    std::coroutine_handle<> handover;
    {
        turn_scope scope(cx, fresh_budget);
        cx.outermost = &cell;
        pay_debt(cx, cell);
        result = run_turn(cell);
        handover = std::exchange(cx.handover, {});
    }
    if (handover) { handover.resume(); }
    return result;
}

turn drive_inside(cell_base& cell) noexcept {
    context& cx = context_here();
    const branch_ref outer = cx.current;
    turn result = turn::ended_here;
    if (cell.point || cell.state.is_abort_requested()) {
        pay_debt(cx, cell);
        result = run_turn(cell);
    } else {                // it is new: the short way
        cell.seen = false;  // a new cell counts as woken
        if (start(cx, cell)) {
            result = run_turn(cell);
        } else {
            finish(cx, cell, false);
        }
    }
    cx.current = outer;
    if (cx.handover) { std::exchange(cx.handover, {}).resume(); }
    return result;
}

void cell_base::free_side() noexcept { delete side_; }

void end_inside(context& cx, const parents_context& outer) noexcept {
    while (cx.next) { std::exchange(cx.next, {}).resume(); }
    check_enter_guards(cx, outer.enter_depth);
    if (cx.budget == no_budget) { cx.budget = outer.budget; }
}

bool settle(fork_child& child, const parents_context& outer) noexcept {
    context& cx = context_here();
    end_inside(cx, outer);
    bool is_done = true;
    if (child.is_cell()) {
        fork_cell& cell = child.cell();
        is_done = cell.done;  // after its turn it may be anywhere
        if (is_done) {
            end_bound(cell);
        } else if (run_turn(cell) == turn::yielded) {
            cell.home->schedule(cell);
        }
    }
    cx.current = outer.current;
    if (cx.handover) { std::exchange(cx.handover, {}).resume(); }
    return is_done;
}

child_branch::child_branch(branch& parent_branch, handler& group_of_parent,
                           std::coroutine_handle<> first) noexcept
    : branch(true), cell(&parent_branch.owner()), parent(&parent_branch), group(&group_of_parent) {
    point = first;
    unconstrained = parent_branch.unconstrained;
    locals = locals_of(parent_branch);
    if (parent_branch.is_child) { set = static_cast<child_branch&>(parent_branch).set; }
}

void make_ready(branch& b) noexcept {
    if (b.is_child) {
        b.owner().side()->ready.push(static_cast<child_branch&>(b));
    } else {
        b.owner().seen = !b.owner().seen;
    }
}

void defer(branch& b) noexcept {
    cell_base& cell = b.owner();
    cell.yielded = true;
    if (b.is_child) {
        cell.side()->deferred.push(static_cast<child_branch&>(b));
    } else {
        cell.root_deferred = true;
    }
}

void go_on(branch& b) noexcept {
    b.wait_on(nullptr);
    if (outermost_dying(b) == nullptr) { resume(b); }
}

const local_value* locals_of(const branch& b) noexcept {
    if (b.is_child) { return static_cast<const child_branch&>(b).locals; }
    return b.owner().locals();
}

void set_locals(branch& b, const local_value* locals) {
    if (b.is_child) {
        static_cast<child_branch&>(b).locals = locals;
    } else {
        b.owner().side_or_make().locals = locals;
    }
}

}  // namespace edo::detail
