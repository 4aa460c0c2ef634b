/// Where the program under test and the explorer keep what they allocate.
#pragma once

#include <cstddef>

namespace edo::model {

/// Memory of the program under test: never reused within an execution, so that nothing that was
/// freed looks alive, and given back as a whole after it.
class arena {
public:
    /// Null: it is full.
    void* allocate(std::size_t size, std::size_t alignment) noexcept;
    [[nodiscard]] bool holds(const void* p) const noexcept {
        return base_ != nullptr && p >= base_ && p < base_ + bytes;
    }
    void reset() noexcept {
        used_ = 0;
        is_out_of_memory = false;
    }
    /// What the program allocates fails meanwhile.
    bool is_out_of_memory = false;

private:
    static constexpr std::size_t bytes = std::size_t{256} << 20;
    char* base() noexcept;
    char* base_ = nullptr;
    std::size_t used_ = 0;
};
extern constinit arena program_memory;

/// While it lives, memory is the explorer's own.
class own_memory {
public:
    own_memory() noexcept { ++depth; }
    ~own_memory() { --depth; }
    own_memory(const own_memory&) = delete;
    own_memory& operator=(const own_memory&) = delete;
    static inline int depth = 1;  ///< 0 while the program runs
};

}  // namespace edo::model
