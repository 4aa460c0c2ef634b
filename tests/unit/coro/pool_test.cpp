// The recycling allocator of frames and cells.
#include "support/runtime_fixture.hpp"

#include <edo/coro/detail/pool.hpp>

#include <cstdint>
#include <cstring>
#include <set>
#include <thread>
#include <vector>

namespace {

using edo::detail::pool_allocate;
using edo::detail::pool_free;
using edo::detail::pool_trim;

constexpr std::size_t largest_class = 4104;

TEST(pool, gives_memory_of_the_size_asked_for) {
    for (std::size_t size = 1; size <= 2 * largest_class; ++size) {
        void* block = pool_allocate(size);
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % alignof(std::max_align_t), 0U);
        std::memset(block, 0xAB, size);
        pool_free(block, size);
    }
}

TEST(pool, gives_no_block_twice) {
    constexpr std::size_t size = 200;
    std::set<void*> seen;
    for (int i = 0; i < 1000; ++i) { EXPECT_TRUE(seen.insert(pool_allocate(size)).second); }
    for (void* block : seen) { pool_free(block, size); }
}

TEST(pool, gives_a_freed_block_again) {
    if (EDO_ASAN != 0) { GTEST_SKIP() << "under AddressSanitizer it is plain new"; }
    void* first = pool_allocate(100);
    pool_free(first, 100);
    void* second = pool_allocate(90);  // of the same size class
    EXPECT_EQ(first, second);
    pool_free(second, 90);
}

TEST(pool, feeds_a_thread_that_allocates_with_what_another_frees) {
    if (EDO_ASAN != 0) { GTEST_SKIP() << "under AddressSanitizer it is plain new"; }
    constexpr std::size_t size = 320;
    constexpr std::size_t count = 2000;
    std::set<void*> from_here;
    std::vector<void*> blocks;
    for (std::size_t i = 0; i < count; ++i) {
        blocks.push_back(pool_allocate(size));
        from_here.insert(blocks.back());
    }
    std::jthread([&] {
        for (void* block : blocks) { pool_free(block, size); }
    }).join();
    std::size_t recycled = 0;
    for (void*& block : blocks) {
        block = pool_allocate(size);
        recycled += from_here.count(block);
    }
    EXPECT_GT(recycled, count / 2);  // but for what the other thread's own cache kept
    for (void* block : blocks) { pool_free(block, size); }
}

TEST(pool, keeps_working_after_a_trim) {
    std::vector<void*> blocks;
    for (int i = 0; i < 500; ++i) { blocks.push_back(pool_allocate(128)); }
    for (void* block : blocks) { pool_free(block, 128); }
    pool_trim();
    void* block = pool_allocate(128);
    ASSERT_NE(block, nullptr);
    pool_free(block, 128);
}

/// Frees when the thread's locals die, before or after the cache of the thread.
struct frees_late {
    void* block = nullptr;
    ~frees_late() {
        if (block != nullptr) { pool_free(block, 64); }
    }
};
frees_late& late() {
    thread_local frees_late made;
    return made;
}

TEST(pool, takes_blocks_back_while_the_thread_ends) {
    for (const bool cache_first : {false, true}) {
        std::jthread([=] {
            if (cache_first) { pool_free(pool_allocate(64), 64); }
            frees_late& keeper = late();
            keeper.block = pool_allocate(64);
        }).join();
    }
}

TEST(pool, serves_all_sizes_from_several_threads_at_once) {
    std::vector<std::jthread> threads;
    for (unsigned t = 0; t < 4; ++t) {
        threads.emplace_back([t] {
            std::vector<std::pair<unsigned char*, std::size_t>> kept;
            for (std::size_t i = 0; i < 5000; ++i) {
                const std::size_t size = 1 + (i * 37 + t * 101) % (largest_class + 200);
                auto* block = static_cast<unsigned char*>(pool_allocate(size));
                block[0] = static_cast<unsigned char>(t);
                block[size - 1] = static_cast<unsigned char>(t);
                kept.emplace_back(block, size);
                if (i % 3 == 2) {
                    auto [old, bytes] = kept[kept.size() / 2];
                    EXPECT_EQ(old[0], t);
                    EXPECT_EQ(old[bytes - 1], t);
                    pool_free(old, bytes);
                    kept.erase(kept.begin() + static_cast<std::ptrdiff_t>(kept.size() / 2));
                }
            }
            for (auto [block, size] : kept) { pool_free(block, size); }
        });
    }
}

}  // namespace
