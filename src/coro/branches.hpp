/// What running a turn and dropping a branch have in common.
#pragma once

#include <edo/coro/detail/cell_base.hpp>
#include <edo/coro/detail/context.hpp>

namespace edo::detail {

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

inline branch* parent_of(branch& b) noexcept {
    return b.is_child ? static_cast<child_branch&>(b).parent : nullptr;
}

/// The outermost branch, from `b` to its root, that is to be destroyed and waits for pins; null: none is.
inline branch* outermost_dying(branch& b) noexcept {
    const side_block* side = b.owner().side();
    if (side == nullptr) { return b.dying ? &b : nullptr; }  // no branches: see add_fork_pin()
    if (!side->has_waited_to_drop) { return nullptr; }       // mostly: no walk
    branch* found = nullptr;
    for (branch* at = &b; at != nullptr; at = parent_of(*at)) {
        if (at->dying) { found = at; }
    }
    return found;
}

/// Moves the woken branches from the state word to the queue, oldest first.
void collect_branches(cell_base& cell, state_word::value seen) noexcept;

}  // namespace edo::detail
