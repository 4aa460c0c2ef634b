#include <edo/base/detail/atomic.hpp>
#include <edo/base/detail/mutex.hpp>
#include <edo/coro/detail/pool.hpp>

#include <malloc.h>

#include <cstdint>
#include <new>
#include <utility>

/// Size classes of 64 bytes. Each thread keeps up to two batches of a class; full batches travel
/// through a depot that all threads share, so that a thread which only allocates is fed by one that
/// only frees. The depot is bounded too: what exceeds it goes back to the heap.
namespace edo::detail {
namespace {

constexpr std::size_t granularity = 64;
constexpr std::size_t class_count = 16;  // blocks of up to 1 KiB; larger ones come from the heap
constexpr std::uint32_t batch_size = 64;
constexpr std::uint32_t depot_batches = 64;  // of each class

struct block {
    block* next;
    block* next_batch;  // of the first block of a batch in the depot
};

constexpr std::size_t class_of(std::size_t size) { return (size - 1) / granularity; }
constexpr std::size_t class_bytes(std::size_t index) { return (index + 1) * granularity; }

void free_chain(block* first) noexcept {
    while (first != nullptr) { ::operator delete(std::exchange(first, first->next)); }
}

/// Full batches of each class.
class depot {
public:
    block* take(std::size_t index) noexcept {
        shelf& s = shelves_[index];
        lock_guard guard(s.lock);
        block* batch = s.first;
        if (batch != nullptr) {
            s.first = batch->next_batch;
            --s.count;
        }
        return batch;
    }
    void put(std::size_t index, block* batch) noexcept {
        shelf& s = shelves_[index];
        {
            lock_guard guard(s.lock);
            if (s.count < depot_batches) {
                batch->next_batch = s.first;
                s.first = batch;
                ++s.count;
                return;
            }
        }
        free_chain(batch);
        give_back_pages(batch_size * class_bytes(index));
    }
    void trim() noexcept {
        for (std::size_t i = 0; i < class_count; ++i) {
            while (block* batch = take(i)) { free_chain(batch); }
        }
    }

private:
    /// What the heap gets back is interleaved with blocks that the caches keep, so it would not shrink
    /// by itself. Now and then it is told to return whole pages to the system.
    void give_back_pages(std::size_t freed) noexcept {
#if defined(__GLIBC__)
        constexpr std::size_t worth_a_call = std::size_t{32} << 20;
        const std::size_t before = freed_.fetch_add(freed, relaxed);
        if (before / worth_a_call != (before + freed) / worth_a_call) { ::malloc_trim(0); }
#else
        freed_.fetch_add(freed, relaxed);
#endif
    }
    atomic<std::size_t> freed_{0};
    struct shelf {
        mutex lock;
        block* first EDO_GUARDED_BY(lock) = nullptr;
        std::uint32_t count EDO_GUARDED_BY(lock) = 0;
    };
    shelf shelves_[class_count];
};

depot& shared_depot() {
    static auto* all = new depot;  // never destroyed: threads may end after the static objects
    return *all;
}

/// The two batches of each class that a thread keeps: one is filled and emptied, one is full.
class thread_cache {
public:
    void* allocate(std::size_t index) {
        bin& b = bins_[index];
        if (b.current == nullptr) { refill(index); }
        if (b.current == nullptr) {
            count_heap_alloc();
            return ::operator new(class_bytes(index));
        }
        --b.count;
        return std::exchange(b.current, b.current->next);
    }
    void free(void* memory, std::size_t index) noexcept {
        bin& b = bins_[index];
        if (b.count == batch_size) {
            if (b.full != nullptr) { shared_depot().put(index, b.full); }
            b.full = std::exchange(b.current, nullptr);
            b.count = 0;
        }
        b.current = new (memory) block{b.current, nullptr};
        ++b.count;
    }
    void trim() noexcept {
        for (bin& b : bins_) {
            free_chain(std::exchange(b.current, nullptr));
            free_chain(std::exchange(b.full, nullptr));
            b.count = 0;
        }
    }

private:
    struct bin {
        block* current = nullptr;
        block* full = nullptr;
        std::uint32_t count = 0;
    };
    void refill(std::size_t index) noexcept {
        bin& b = bins_[index];
        b.current = std::exchange(b.full, nullptr);
        if (b.current == nullptr) { b.current = shared_depot().take(index); }
        b.count = b.current == nullptr ? 0 : batch_size;
    }
    bin bins_[class_count];
};

/// Empties the cache when its thread ends; frames that die later in the thread go to the heap.
struct cache_owner {
    thread_cache cache;
    bool* gone;
    explicit cache_owner(bool* flag) noexcept : gone(flag) {}
    ~cache_owner() {
        *gone = true;
        cache.trim();
    }
    cache_owner(const cache_owner&) = delete;
    cache_owner& operator=(const cache_owner&) = delete;
};

[[gnu::noinline]] thread_cache* this_thread_cache() {
    thread_local constinit bool gone = false;
    if (gone) { return nullptr; }
    thread_local cache_owner owner(&gone);
    return &owner.cache;
}

constexpr bool plain_new = EDO_ASAN != 0;

}  // namespace

void* pool_allocate(std::size_t size) {
    count_pool_alloc();
    const std::size_t index = class_of(size);
    if (plain_new || index >= class_count) {
        count_heap_alloc();
        return ::operator new(size);
    }
    thread_cache* cache = this_thread_cache();
    return cache != nullptr ? cache->allocate(index) : ::operator new(class_bytes(index));
}

void pool_free(void* memory, std::size_t size) noexcept {
    const std::size_t index = class_of(size);
    thread_cache* cache = plain_new || index >= class_count ? nullptr : this_thread_cache();
    if (cache != nullptr) {
        cache->free(memory, index);
    } else {
        ::operator delete(memory);
    }
}

void pool_trim() noexcept {
    if (thread_cache* cache = this_thread_cache()) { cache->trim(); }
    shared_depot().trim();
}

}  // namespace edo::detail
