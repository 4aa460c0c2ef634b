#include "coro/context_here.hpp"

namespace edo::detail {

constinit thread_local context context_of_thread;

context& this_context() noexcept { return context_of_thread; }

}  // namespace edo::detail
