#include <edo/base/detail/patience.hpp>

#include <sched.h>

namespace edo::detail {

bool runs_in_parallel() noexcept {
    static const bool more_than_one = [] {
        cpu_set_t allowed;
        // It fails where there are more processors than the set can name.
        return ::sched_getaffinity(0, sizeof(allowed), &allowed) != 0 || CPU_COUNT(&allowed) > 1;
    }();
    return more_than_one;
}

}  // namespace edo::detail
