// In place of src/coro/context_here.hpp: the threads of a model are no threads of the system.
#pragma once

#include <edo/coro/detail/context.hpp>

namespace edo::detail {

inline context& context_here() noexcept { return this_context(); }

}  // namespace edo::detail
