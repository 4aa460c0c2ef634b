#include <edo/base/detail/asymmetric_fence.hpp>

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace edo::detail {
namespace {

bool membarrier(int command) noexcept { return ::syscall(SYS_membarrier, command, 0, 0) == 0; }

bool prepare() noexcept {
#if EDO_TSAN
    return false;
#else
    return membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED);
#endif
}

}  // namespace

const bool has_membarrier = prepare();

void heavy_fence() noexcept {
    if (has_membarrier) {
        static_cast<void>(membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED));
    } else {
        store_load_fence();  // pairs with: light_fence()
    }
}

}  // namespace edo::detail
