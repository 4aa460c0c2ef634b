/// The recycling allocator of coroutine frames and task cells.
#pragma once

#include <edo/base/config.hpp>

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <new>

namespace edo::detail {

/// Blocks come in classes: every 16 bytes up to 1 KiB, then four up to 4 KiB, each 8 above a multiple of
/// 16: so glibc's malloc, which adds 8 bytes and rounds up to 16, has nothing to round up. Larger ones
/// come from the heap. All are aligned as malloc aligns, whatever the size.
struct pool_classes {
    static constexpr std::size_t step = 16;
    static constexpr std::size_t smallest = 24;
    static constexpr std::size_t small_count = 64;
    static constexpr std::size_t large[] = {1'544, 2'056, 3'080, 4'104};
    static constexpr std::size_t count = small_count + std::size(large);
    static constexpr std::size_t of(std::size_t size) noexcept {
        if (size <= smallest) { return 0; }
        std::size_t index = (size - smallest + step - 1) / step;
        if (index < small_count) { return index; }
        for (index = small_count; index < count && size > large[index - small_count];) { ++index; }
        return index;
    }
    static constexpr std::size_t bytes(std::size_t index) noexcept {
        return index < small_count ? smallest + index * step : large[index - small_count];
    }
    /// How many blocks travel together.
    static constexpr std::uint32_t batch(std::size_t index) noexcept {
        return index < small_count ? 64 : 16;
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
