#include "base/current_cpu.hpp"

#include <sched.h>

namespace edo::detail {

int current_cpu() noexcept { return ::sched_getcpu(); }

}  // namespace edo::detail
