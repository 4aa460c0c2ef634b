#include "base/fork.hpp"

#include <edo/base/detail/atomic.hpp>
#include <edo/base/detail/mutex.hpp>
#include <edo/coro/detail/pool.hpp>

#include <malloc.h>

#include <cstdint>
#include <new>
#include <type_traits>
#include <utility>

/// Size classes of 64 bytes. Each thread keeps up to two batches of a class; full batches travel
/// through a depot that all threads share, so that a thread which only allocates is fed by one that
/// only frees. The depot is bounded too: what exceeds it goes back to the heap.
namespace edo::detail {
namespace {

constexpr std::size_t granularity = 64;
constexpr std::size_t class_count = 16;  // blocks of up to 1 KiB; larger ones come from the heap
constexpr std::uint32_t batch_size = 64;
constexpr std::size_t depot_bytes = std::size_t{32} << 20;  // of each class

struct block {
    block* next;
    block* next_batch;  // of the first block of a batch in the depot
};

constexpr std::size_t class_of(std::size_t size) { return (size - 1) / granularity; }
constexpr std::size_t class_bytes(std::size_t index) { return (index + 1) * granularity; }
constexpr std::size_t batch_bytes(std::size_t index) { return batch_size * class_bytes(index); }

void free_chain(block* first) noexcept {
    while (first != nullptr) { ::operator delete(std::exchange(first, first->next)); }
}

/// Full batches of each class.
class depot {
public:
    void hold_locks_over_forks() {
        for (shelf& s : shelves_) { hold_over_forks(s.lock); }
    }
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
            if (s.count * batch_bytes(index) < depot_bytes) {
                batch->next_batch = s.first;
                s.first = batch;
                ++s.count;
                return;
            }
        }
        free_chain(batch);
        give_back_pages(batch_bytes(index));
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

// There from the start: whoever waits for another thread to make it would wait for ever in the child of
// a fork, where that thread is not. Never destroyed: threads may end after the static objects.
constinit depot shared_depot;
static_assert(std::is_trivially_destructible_v<depot>);
[[maybe_unused]] const bool is_held_over_forks = (shared_depot.hold_locks_over_forks(), true);

/// The two batches of each class that a thread keeps: one is filled and emptied, one is full.
class thread_cache {
public:
    /// Null: there is none, see refill().
    void* allocate(std::size_t index) noexcept {
        bin& b = bins_[index];
        block* first = b.current;
        if (first != nullptr) {
            --b.count;
            b.current = first->next;
        }
        return first;
    }
    /// False: there is no room, see unload().
    bool free(void* memory, std::size_t index) noexcept {
        bin& b = bins_[index];
        if (b.count == batch_size) { return false; }
        auto* freed = static_cast<block*>(memory);
        freed->next = b.current;
        b.current = freed;
        ++b.count;
        return true;
    }
    /// Gets another batch and returns one of its blocks.
    void* refill(std::size_t index) {
        bin& b = bins_[index];
        block* batch = std::exchange(b.full, nullptr);
        if (batch == nullptr) { batch = shared_depot.take(index); }
        if (batch == nullptr) {
            count_heap_alloc();
            return ::operator new(class_bytes(index));
        }
        b.current = batch->next;
        b.count = batch_size - 1;
        return batch;
    }
    /// Makes room for another batch.
    void unload(std::size_t index) noexcept {
        bin& b = bins_[index];
        if (b.full != nullptr) { shared_depot.put(index, b.full); }
        b.full = std::exchange(b.current, nullptr);
        b.count = 0;
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
    bin bins_[class_count];
};

/// Empties the cache when its thread ends; frames that die later in the thread go to the heap.
class cache_owner {
public:
    cache_owner() noexcept;
    ~cache_owner();
    cache_owner(const cache_owner&) = delete;
    cache_owner& operator=(const cache_owner&) = delete;

private:
    thread_cache cache_;
};

constinit thread_local thread_cache* cache_of_thread = nullptr;
constinit thread_local bool cache_is_gone = false;

cache_owner::cache_owner() noexcept { cache_of_thread = &cache_; }
cache_owner::~cache_owner() {
    cache_of_thread = nullptr;
    cache_is_gone = true;
    cache_.trim();
}

/// The cache of the calling thread; null once the thread is about to end.
thread_cache* this_thread_cache() noexcept {
    if (cache_of_thread == nullptr && !cache_is_gone) { thread_local cache_owner owner; }
    return cache_of_thread;
}

constexpr bool plain_new = EDO_ASAN != 0;

constexpr bool is_recycled(std::size_t size) { return !plain_new && class_of(size) < class_count; }

/// What the fast paths below leave over; out of them, so that they need no registers.
EDO_NOINLINE void* allocate_slowly(std::size_t size) {
    if (is_recycled(size)) {
        const std::size_t index = class_of(size);
        if (thread_cache* cache = this_thread_cache()) {
            void* found = cache->allocate(index);
            return found != nullptr ? found : cache->refill(index);
        }
        size = class_bytes(index);  // whoever frees it may put it into a cache
    }
    count_heap_alloc();
    return ::operator new(size);
}

EDO_NOINLINE void free_slowly(void* memory, std::size_t size) noexcept {
    thread_cache* cache = is_recycled(size) ? this_thread_cache() : nullptr;
    if (cache == nullptr) {
        ::operator delete(memory);
        return;
    }
    const std::size_t index = class_of(size);
    if (!cache->free(memory, index)) {
        cache->unload(index);
        static_cast<void>(cache->free(memory, index));
    }
}

}  // namespace

void* pool_allocate(std::size_t size) {
    count_pool_alloc();
    thread_cache* cache = cache_of_thread;
    if (cache != nullptr && is_recycled(size)) {
        if (void* found = cache->allocate(class_of(size))) { return found; }
    }
    return allocate_slowly(size);
}

void pool_free(void* memory, std::size_t size) noexcept {
    thread_cache* cache = cache_of_thread;
    if (cache != nullptr && is_recycled(size) && cache->free(memory, class_of(size))) { return; }
    free_slowly(memory, size);
}

void pool_trim() noexcept {
    if (thread_cache* cache = this_thread_cache()) { cache->trim(); }
    shared_depot.trim();
}

}  // namespace edo::detail
