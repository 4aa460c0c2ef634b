/// The recycling allocator of coroutine frames and task cells.
#pragma once

#include <edo/base/config.hpp>

#include <cstddef>
#include <new>

namespace edo::detail {

/// Blocks come in classes of 16 bytes, each 8 above a multiple of 16: so glibc's malloc, which adds 8
/// bytes and rounds up to 16, has nothing to round up. Larger ones come from the heap. All are aligned
/// as malloc aligns, whatever the size.
struct pool_classes {
    static constexpr std::size_t step = 16;
    static constexpr std::size_t smallest = 24;
    static constexpr std::size_t count = 64;  // up to 1 KiB
    static constexpr std::size_t of(std::size_t size) noexcept {
        return size <= smallest ? 0 : (size - smallest + step - 1) / step;
    }
    static constexpr std::size_t bytes(std::size_t index) noexcept {
        return smallest + index * step;
    }
};

/// A block of a class, from the calling thread's cache; under AddressSanitizer one of `size` bytes from
/// the heap. Throws std::bad_alloc.
[[nodiscard]] EDO_API void* pool_take(std::size_t index, std::size_t size);
/// Gives it back.
EDO_API void pool_give(void* block, std::size_t index) noexcept;
/// A block from the heap.
[[nodiscard]] EDO_API void* heap_take(std::size_t size);

/// Memory for a frame or a cell. Throws std::bad_alloc. A block may be freed on another thread. The
/// compiler mostly knows the size.
[[nodiscard]] inline void* pool_allocate(std::size_t size) {
    const std::size_t index = pool_classes::of(size);
    return index < pool_classes::count ? pool_take(index, size) : heap_take(size);
}
/// Gives back what pool_allocate(size) gave.
inline void pool_free(void* block, std::size_t size) noexcept {
    const std::size_t index = pool_classes::of(size);
    if (index < pool_classes::count) {
        pool_give(block, index);
    } else {
        ::operator delete(block);
    }
}
/// Gives the calling thread's cache and the shared depot back to the system.
EDO_API void pool_trim() noexcept;

/// Lets a class be allocated from the pool.
struct pooled {
    static void* operator new(std::size_t size) { return pool_allocate(size); }
    static void operator delete(void* block, std::size_t size) noexcept { pool_free(block, size); }
};

}  // namespace edo::detail
