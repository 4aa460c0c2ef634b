#include "support/program_memory.hpp"

#include "support/engine.hpp"

#include <chrono>
#include <cstdlib>
#include <new>

#include <sys/mman.h>
#include <time.h>

namespace edo::model {

constinit arena program_memory;

void* arena::allocate(std::size_t size, std::size_t alignment) noexcept {
    const std::size_t begin = (used_ + alignment - 1) & ~(alignment - 1);
    if (begin + size > bytes) { return nullptr; }
    used_ = begin + size;
    return base() + begin;
}

char* arena::base() noexcept {
    if (base_ == nullptr) {
        void* mapped = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (mapped == MAP_FAILED) { std::abort(); }
        base_ = static_cast<char*>(mapped);
    }
    return base_;
}

}  // namespace edo::model

// The program's memory comes from the arena, the explorer's from the heap.
void* operator new(std::size_t size, std::align_val_t alignment) {
    using namespace edo::model;
    if (own_memory::depth == 0) {
        if (program_memory.is_out_of_memory) { throw std::bad_alloc(); }
        if (void* block = program_memory.allocate(size, static_cast<std::size_t>(alignment))) {
            return block;
        }
    }
    const std::size_t step = static_cast<std::size_t>(alignment);
    if (void* block = std::aligned_alloc(step, (size + step - 1) / step * step)) { return block; }
    throw std::bad_alloc();
}
void* operator new(std::size_t size) {
    return operator new(size, std::align_val_t{__STDCPP_DEFAULT_NEW_ALIGNMENT__});
}
void operator delete(void* block) noexcept {
    if (!edo::model::program_memory.holds(block)) { std::free(block); }
}
void operator delete(void* block, std::size_t) noexcept { operator delete(block); }
void operator delete(void* block, std::align_val_t) noexcept { operator delete(block); }
void operator delete(void* block, std::size_t, std::align_val_t) noexcept {
    operator delete(block);
}

// Time stands still in the program: its control flow must not depend on it.
std::chrono::steady_clock::time_point std::chrono::steady_clock::now() noexcept {
    if (edo::model::engine::is_running()) { return time_point(std::chrono::hours(1)); }
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return time_point(std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec));
}
