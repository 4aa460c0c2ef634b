#include "coro/context_here.hpp"

#include <edo/base/detail/fatal.hpp>
#include <edo/coro/detail/group_child.hpp>
#include <edo/coro/task.hpp>

#include <stdexcept>

namespace edo::detail {

void end_branch(sink_base& out) noexcept {
    out.child = {};
    const branch_ref ended = context_here().current;
    if (ended.is_branch()) {
        ended.as_branch().done = true;
    } else if (!ended.is_fork_child()) {  // such a one is told by `out`
        ended.as_group_child().note_end();
    }
}

void throw_empty_task() {
    throw std::logic_error(
        "edo: an empty task, join, select, fork_join or timeout cannot run; it was moved from, awaited or spawned "
        "before");
}

void throw_awaited_already() {
    throw std::logic_error(
        "edo: this is being awaited already; a handle, a receiver and a join_set take one wait at a time");
}

void dropped_frame_threw() noexcept {
    fatal("a destructor threw while its task was being dropped; destructors must not throw");
}

}  // namespace edo::detail
