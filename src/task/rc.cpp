#include <edo/task/rc.hpp>

#if EDO_CHECKED
#include <edo/base/detail/fatal.hpp>
#include <edo/coro/detail/context.hpp>
#include <edo/task/detail/cell.hpp>

namespace edo::detail {
namespace {

/// A task that may change threads owns its rc itself; everything else (a local set, a
/// local_runtime, the future of a block_on, a plain thread) stays on its thread, so the thread does.
const void* current_home(bool& is_task) noexcept {
    const context& cx = this_context();
    const bool stays =
        cx.locals != nullptr || (cx.runtime != nullptr && cx.runtime->locals_here() != nullptr);
    const cell* running = stays ? nullptr : current_cell();
    is_task = running != nullptr;
    return is_task ? static_cast<const void*>(running) : &cx;
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
