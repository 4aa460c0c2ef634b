/// Symmetric transfer that needs a bounded stack on every compiler.
#pragma once

#include <edo/base/config.hpp>
#include <edo/coro/detail/context.hpp>

#include <coroutine>

namespace edo::detail {

/// What an await_suspend returns to go on with `to`. Clang always makes a tail call of it. GCC does
/// so only from -O2 on and without sanitizers, and no macro tells; so there every 64th transfer
/// goes back to the worker's loop, which resumes `to` from the context. Objects compiled either way
/// work together. Always inlined: a call that is not a tail call must not become one of its kind.
EDO_ALWAYS_INLINE std::coroutine_handle<> transfer(std::coroutine_handle<> to) noexcept {
#if defined(__clang__)
    return to;
#else
    context& cx = this_context();
    constexpr std::uint32_t stack_limit = 64;
    if (++cx.hops % stack_limit != 0) { return to; }
    cx.next = to;
    return std::noop_coroutine();
#endif
}

}  // namespace edo::detail
