#include <edo/base/detail/patience.hpp>

#include <sched.h>

namespace edo::detail {
namespace {

bool has_several_processors() noexcept {
    cpu_set_t allowed;
    // It fails where there are more processors than the set can name.
    return ::sched_getaffinity(0, sizeof(allowed), &allowed) != 0 || CPU_COUNT(&allowed) > 1;
}

// At the start of the program. Until then: no, so that nobody looks in vain.
const bool several_processors = has_several_processors();

}  // namespace

bool runs_in_parallel() noexcept { return several_processors; }

}  // namespace edo::detail
