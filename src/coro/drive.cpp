#include "coro/context_here.hpp"

#include <edo/base/detail/fatal.hpp>
#include <edo/coro/detail/fork_child.hpp>
#include <edo/coro/task.hpp>

#include <utility>

/// One turn of a task. The rules that keep it safe (docs/task_lifecycle.md):
/// - publish first, park last: until park() succeeds the worker owns cell and frames, so an
///   await_suspend may touch its awaiter after it has made it known to a waker; what is awaited may
///   take a turn inside the await (drive_inside, group_child::start, fork_core::run);
/// - what runs is never what is destroyed: a branch's frames are dropped here, in a step of its turn; a group
///   may let branches of its own be dropped while it starts others; a frame that ends frees itself;
/// - frames are destroyed leaf to root, by a loop, so the depth of a chain is not bounded.
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

/// Installs the local_set that a branch runs in, if it is another than its task's.
class local_scope_of {
public:
    local_scope_of(context& cx, branch& b) noexcept : cx_(cx), outer_(cx.locals) {
        local_core* set = b.is_child ? static_cast<child_branch&>(b).set : nullptr;
        if (set != nullptr) { cx.locals = set; }
    }
    ~local_scope_of() { cx_.locals = outer_; }
    local_scope_of(const local_scope_of&) = delete;
    local_scope_of& operator=(const local_scope_of&) = delete;

private:
    context& cx_;
    local_core* outer_;
};

constexpr std::uint32_t steps_a_turn = 4 * task_budget;

branch* parent_of(branch& b) noexcept {
    return b.is_child ? static_cast<child_branch&>(b).parent : nullptr;
}

branch* outermost_dying(branch& b) noexcept {
    const side_block* side = b.owner().side();
    if (side == nullptr) { return b.dying ? &b : nullptr; }  // no branches: see add_fork_pin()
    if (!side->has_waited_to_drop) { return nullptr; }       // mostly: no walk
    branch* found = nullptr;
    for (branch* at = &b; at != nullptr; at = parent_of(*at)) {
        if (at->dying) { found = at; }
    }
    return found;
}

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

/// Moves the woken branches from the state word to the queue, oldest first.
void collect_branches(cell_base& cell, state_word::value seen) noexcept {
    child_branch* newest = cell.state.take_branches(seen);
    child_branch* oldest = nullptr;
    while (newest != nullptr) {
        child_branch* following = std::exchange(newest->next, oldest);
        oldest = std::exchange(newest, following);
    }
    while (oldest != nullptr) { cell.side()->ready.push(*std::exchange(oldest, oldest->next)); }
}

void destroy_chain(branch& b) noexcept {
    context& cx = context_here();
    const branch_ref outer = std::exchange(cx.current, &b);
    const local_scope_of inside(cx, b);
    try {
        void* frame = std::exchange(b.point, {}).address();
        while (frame != nullptr) {
            auto handle = std::coroutine_handle<promise_base>::from_address(frame);
            promise_base& promise = handle.promise();
            promise_base* parent = promise.parent();
            promise.disown();
            handle.destroy();
            frame = parent == nullptr ? nullptr : handle_of(*parent).address();
        }
    } catch (...) { dropped_frame_threw(); }
    cx.current = outer;
}

void remove_from(intrusive_fifo<child_branch>& queue, child_branch& gone) noexcept {
    intrusive_fifo<child_branch> kept;
    while (child_branch* b = queue.pop()) {
        if (b != &gone) { kept.push(*b); }
    }
    queue.append(kept);
}

/// Takes a branch out of all lists of woken branches.
void unlist(child_branch& b) noexcept {
    cell_base& cell = b.owner();
    // A branch exists only in a cell with a side block: groups make one.
    if (auto seen = cell.state.look(); (seen & ~state_word::flags) != 0) {
        collect_branches(cell, seen);
    }
    remove_from(cell.side()->ready, b);
    remove_from(cell.side()->deferred, b);
}

/// Destroys the frames of a branch and, before them, those of all branches below it.
void destroy(branch& top) noexcept {
    branch* at = &top;
    for (;;) {
        while (handler* what = at->waits_on()) {
            child_branch* child = what->last_child();
            if (child == nullptr) {
                at->wait_on(nullptr);
                break;
            }
            at = child;
        }
        destroy_chain(*at);
        if (at->is_child) { unlist(static_cast<child_branch&>(*at)); }
        if (at == &top) { return; }
        auto& child = static_cast<child_branch&>(*at);
        at = child.parent;
        child.group->forget(child);
    }
}

void dropped(branch& b) noexcept {
    if (b.is_child) {
        auto& child = static_cast<child_branch&>(b);
        child.group->child_dropped(child);
    } else {
        b.owner().ended = true;
    }
}

std::uint32_t pins_of(const branch& b) noexcept {
    const wait_state* waits = b.waits();
    return waits != nullptr ? waits->pins : 0;
}

bool is_below(branch& b, const branch& ancestor) noexcept {
    for (branch* at = &b; at != nullptr; at = parent_of(*at)) {
        if (at == &ancestor) { return true; }
    }
    return false;
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

void drop(branch& b) noexcept {
    b.dying = true;
    if (pins_of(b) == 0) {
        destroy(b);
        dropped(b);
        return;
    }
    // Cancelling does not complete anything here: completion is a wake, taken in the loop.
    side_block* side = b.owner().side();
    if (side == nullptr) {
        static_cast<pin*>(b.waits_on())->cancel();  // see add_fork_pin()
        return;
    }
    side->has_waited_to_drop = true;
    intrusive_list<pin>& pins = side->pins;
    intrusive_list<pin> asked;
    while (pin* p = pins.pop_front()) {
        asked.push_back(*p);
        if (is_below(p->at(), b)) { p->cancel(); }
    }
    pins.splice_back(asked);
}

void add_pin(pin& p, branch& b) {
    b.owner().side_or_make().pins.push_back(p);
    p.at_ = &b;
    count_pins(b, 1);
}

void count_pins(branch& b, std::uint32_t pins) noexcept {
    for (branch* at = &b; at != nullptr; at = parent_of(*at)) { at->waits()->pins += pins; }
}

void add_fork_pin(pin& p, branch& b) noexcept {
    if (b.owner().side() != nullptr) {
        add_pin(p, b);
    } else {
        p.at_ = &b;
        b.waits()->pins = 1;
    }
}

void remove_pin(pin& p) noexcept {
    if (p.is_linked()) { intrusive_list<pin>::erase(p); }
    for (branch* at = p.at_; at != nullptr; at = parent_of(*at)) { --at->waits()->pins; }
}

bool is_dying(branch& b) noexcept { return outermost_dying(b) != nullptr; }

void pin_completed(pin& p, branch& b) noexcept {
    remove_pin(p);
    branch* dying = outermost_dying(b);
    if (dying == nullptr) {
        b.wait_on(nullptr);
        resume(b);
        return;
    }
    for (branch* at = &b; at != dying; at = parent_of(*at)) {
        at->dying = true;
    }  // it was cancelled
    if (pins_of(*dying) == 0) {
        destroy(*dying);
        dropped(*dying);
    }
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
