/// Stands for the shipped header in the model tests: both pairs of fences that it may be. A mutation
/// leaves one out by its name.
#pragma once

#include <edo/base/detail/atomic.hpp>

namespace edo::detail {

/// Whether the heavy fence is one of all threads, and the light one nothing; else both are whole ones.
inline bool has_membarrier = false;

inline void light_fence() noexcept {
    if (!has_membarrier) { store_load_fence(); }
}
inline void heavy_fence() noexcept {
    if (!has_membarrier) {
        store_load_fence();
    } else if (model::engine::is_running()) {
        model::engine::fence_all(std::source_location::current());
    }
}

}  // namespace edo::detail
