#include <edo/coro/detail/group_child.hpp>

namespace edo::detail {

void group_child::wait_for_turn(std::coroutine_handle<> first) noexcept {
    become_branch().point = first;
    make_ready(branch_);
}

child_branch& group_child::become_branch() noexcept {
    ::new (static_cast<void*>(&branch_)) child_branch(*parent_, *group_, {});
    branch_.done = has_ended_;  // destructors of parameters run after the end
    is_branch_ = true;
    return branch_;
}

}  // namespace edo::detail
