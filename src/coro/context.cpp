#include <edo/coro/detail/context.hpp>

namespace edo::detail {

context& this_context() noexcept {
    thread_local constinit context of_this_thread;
    return of_this_thread;
}

}  // namespace edo::detail
