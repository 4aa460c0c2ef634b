#include <edo/base/detail/fatal.hpp>
#include <edo/coro/detail/foreign.hpp>
#include <edo/coro/detail/fork_child.hpp>

namespace edo::detail {
namespace {

void resume_from_outside(foreign_frame* frame) {
    auto& wait = static_cast<foreign_wait&>(*frame);
    // No latch: the pin keeps branch and frame alive until this wake has been taken.
    claim(wait.at()).enqueue();
}

void destroy_from_outside(foreign_frame*) {
    fatal(
        "another library destroyed the coroutine handle of an edo::task that waits for it; "
        "only resume() may be called on it");
}

}  // namespace

foreign_wait::foreign_wait() noexcept
    : foreign_frame{&resume_from_outside, &destroy_from_outside} {}

void foreign_wait::begin(std::coroutine_handle<> waiter) {
    branch& b = current_branch(this_context());
    add_pin(*this, b);
    b.point = waiter;
    b.wait_on(this);
}

void foreign_wait::end() noexcept {
    at().wait_on(nullptr);
    remove_pin(*this);
}

void foreign_wait::woken(branch& waiting) noexcept { pin_completed(*this, waiting); }

void foreign_wait::hand_over(std::coroutine_handle<> other) noexcept {
    context& cx = this_context();
    if (cx.handover) { std::exchange(cx.handover, {}).resume(); }
    cx.handover = other;
}

}  // namespace edo::detail
