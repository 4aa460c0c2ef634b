/// this_context() for code that is no coroutine and stays on its thread: inlined.
#pragma once

#include <edo/coro/detail/context.hpp>

namespace edo::detail {

extern constinit thread_local context context_of_thread;

inline context& context_here() noexcept { return context_of_thread; }

}  // namespace edo::detail
