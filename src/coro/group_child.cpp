#include <edo/coro/detail/group_child.hpp>

#include <edo/coro/detail/fork_child.hpp>

namespace edo::detail {

bool group_child::start(branch& parent, handler& group, std::coroutine_handle<> first) noexcept {
    context& cx = this_context();
    parent_ = &parent;
    group_ = &group;
    has_ended_ = false;
    branch_.reset();
    if (cx.awaiting == depth_limit) [[unlikely]] {
        branch_.emplace(parent, group, first);
        make_ready(*branch_);
        return false;
    }
    const parents_context outer = {cx.current, cx.enter_depth, cx.budget};
    cx.current = *this;
    ++cx.awaiting;
    first.resume();
    if (cx.next || branch_) [[unlikely]] { end_inside(cx, outer); }
    --cx.awaiting;
    cx.current = outer.current;
    return !branch_ || branch_->done;
}

child_branch& group_child::become_branch() noexcept {
    branch_.emplace(*parent_, *group_, std::coroutine_handle<>());
    branch_->done = has_ended_;  // destructors of parameters run after the end
    return *branch_;
}

}  // namespace edo::detail
