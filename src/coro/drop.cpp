#include "coro/branches.hpp"
#include "coro/context_here.hpp"

#include <edo/coro/task.hpp>

#include <utility>

/// How a branch is dropped: as soon as no pin is left below it, its frames are destroyed from leaf to root, those
/// of the branches below it first; by loops, so neither the depth of a chain nor that of branches is bounded.
namespace edo::detail {
namespace {

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

}  // namespace

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
        go_on(b);
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

}  // namespace edo::detail
