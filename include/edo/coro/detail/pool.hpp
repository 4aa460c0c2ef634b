/// The recycling allocator of coroutine frames and task cells.
#pragma once

#include <edo/base/config.hpp>

#include <cstddef>

namespace edo::detail {

/// Memory for a frame or a cell, from the calling thread's cache. Throws std::bad_alloc. A block
/// may be freed on another thread. Under AddressSanitizer it is plain operator new.
[[nodiscard]] EDO_API void* pool_allocate(std::size_t size);
/// Gives back what pool_allocate(size) gave.
EDO_API void pool_free(void* block, std::size_t size) noexcept;
/// Gives the calling thread's cache and the shared depot back to the system.
EDO_API void pool_trim() noexcept;

/// Lets a class be allocated from the pool.
struct pooled {
    static void* operator new(std::size_t size) { return pool_allocate(size); }
    static void operator delete(void* block, std::size_t size) noexcept { pool_free(block, size); }
};

}  // namespace edo::detail
