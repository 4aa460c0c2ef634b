/// What a group runs inside its parent, and becomes a branch only if it has to.
#pragma once

#include <edo/coro/detail/fork_child.hpp>

namespace edo::detail {

/// A child of a group (of join, select, timeout, a scope, a stream), which runs for the first time inside
/// the await. Many end there; the others become a branch when they suspend.
class group_child {
public:
    group_child() noexcept {}
    group_child(const group_child&) = delete;
    group_child& operator=(const group_child&) = delete;

    /// Runs `first` inside `in`, the current branch, which is about to be suspended on `of`. False: it has
    /// suspended, or has to wait for its turn: the branch is there, and tells the group of its end. True: it has
    /// returned without that; the group is not told.
    bool start(context& cx, branch& in, handler& of, std::coroutine_handle<> first) noexcept {
        parent_ = &in;
        group_ = &of;
        has_ended_ = is_branch_ = false;
        if (cx.awaiting == depth_limit) [[unlikely]] {
            wait_for_turn(first);
            return false;
        }
        const parents_context outer = {&in, cx.enter_depth, cx.budget};
        cx.current = *this;
        ++cx.awaiting;
        first.resume();
        if (cx.next || is_branch_) [[unlikely]] { end_inside(cx, outer); }
        --cx.awaiting;
        cx.current = &in;
        return !is_branch_ || branch_.done;
    }
    /// Its own code: it can be suspended from now on.
    EDO_API child_branch& become_branch() noexcept;
    /// Its coroutine has ended; what is left are the destructors of its parameters.
    void note_end() noexcept { has_ended_ = true; }
    /// The branch that waits on the group.
    [[nodiscard]] branch& parent() const noexcept { return *parent_; }
    /// The branch, if it has become one.
    [[nodiscard]] explicit operator bool() const noexcept { return is_branch_; }
    [[nodiscard]] child_branch& operator*() noexcept { return branch_; }
    [[nodiscard]] child_branch* operator->() noexcept { return &branch_; }
    [[nodiscard]] const child_branch* operator->() const noexcept { return &branch_; }

private:
    EDO_API void wait_for_turn(std::coroutine_handle<> first) noexcept;

    // Set by start(): most groups come and go, and are not initialised before.
    branch* parent_;
    handler* group_;
    bool has_ended_;
    bool is_branch_ = false;
    union {
        child_branch branch_;
    };
};

}  // namespace edo::detail
