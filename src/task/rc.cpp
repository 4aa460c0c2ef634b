#include <edo/task/rc.hpp>

#if EDO_CHECKED
#include <edo/base/detail/fatal.hpp>
#include <edo/coro/detail/context.hpp>
#include <edo/task/detail/cell.hpp>

namespace edo::detail {
namespace {

/// The innermost owner on this thread: the local set that runs, else the task, else the thread.
const void* current_home(bool& is_task) noexcept {
    const context& cx = this_context();
    is_task = false;
    if (cx.locals != nullptr) { return cx.locals; }
    if (const cell* running = current_cell()) {
        is_task = true;
        return running;
    }
    return &cx;
}

}  // namespace

rc_home::rc_home() noexcept : home_(current_home(is_task_)) {}

void rc_home::check() const noexcept {
    bool is_task = false;
    if (current_home(is_task) != home_) {
        fatal(is_task_
                  ? "an edo::rc was touched outside of the task that made it; rc must not leave "
                    "its task, local_set or thread: use std::shared_ptr"
                  : "an edo::rc was touched outside of the local_set or thread that made it; "
                    "use std::shared_ptr to share between threads");
    }
}

}  // namespace edo::detail
#endif
