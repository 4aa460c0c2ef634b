/// Dekker's pattern where one side does it often and the other seldom: the frequent side pays nothing.
#pragma once

#include <edo/base/detail/atomic.hpp>

namespace edo::detail {

/// Whether the kernel makes the fences of all threads of the process on demand: membarrier(2),
/// PRIVATE_EXPEDITED. Written once, before there are threads.
EDO_API extern const bool has_membarrier;

/// Orders an earlier store before a later load, against a thread that does the same the other way round
/// with heavy_fence() between. Without membarrier, and where ThreadSanitizer looks on, it is a whole one.
inline void light_fence() noexcept {
#if EDO_TSAN
    store_load_fence();  // pairs with: heavy_fence()
#else
    if (has_membarrier) {
        asm volatile("" ::: "memory");  // the compiler's part; pairs with: heavy_fence()
    } else {
        store_load_fence();  // pairs with: heavy_fence()
    }
#endif
}

/// The other side: a fence on every processor that runs a thread of this process. About a microsecond.
EDO_API void heavy_fence() noexcept;

}  // namespace edo::detail
