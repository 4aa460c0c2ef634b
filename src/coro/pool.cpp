#include "base/fork.hpp"

#include <edo/base/detail/atomic.hpp>
#include <edo/base/detail/cache_line.hpp>
#include <edo/base/detail/mutex.hpp>
#include <edo/coro/detail/pool.hpp>

#include <malloc.h>

#include <cstdint>
#include <new>
#include <type_traits>
#include <utility>

/// Each thread keeps up to two batches of a class; full batches travel through a depot that all threads
/// share, so that a thread which only allocates is fed by one that only frees. The depot is bounded
/// too: what exceeds it goes back to the heap.
namespace edo::detail {
namespace {

constexpr std::size_t depot_bytes = std::size_t{64} << 20;

struct block {
    block* next;
    block* next_batch;  // of the first block of a batch in the depot
};

constexpr std::size_t class_count = pool_classes::count;
constexpr std::size_t class_bytes(std::size_t index) { return pool_classes::bytes(index); }
constexpr std::size_t batch_bytes(std::size_t index) {
    return pool_classes::batch(index) * class_bytes(index);
}

void free_chain(block* first) noexcept {
    while (first != nullptr) { ::operator delete(std::exchange(first, first->next)); }
}

/// Full batches of each class. Neighbouring classes have different locks.
class depot {
public:
    void hold_locks_over_forks() {
        for (shelf& s : shelves_) { hold_over_forks(s.lock); }
    }
    block* take(std::size_t index) noexcept {
        shelf& s = shelf_of(index);
        lock_guard guard(s.lock);
        block*& first = s.first[index / shelf_count];
        block* batch = first;
        if (batch != nullptr) {
            first = batch->next_batch;
            held_.fetch_sub(batch_bytes(index), relaxed);
        }
        return batch;
    }
    void put(std::size_t index, block* batch) noexcept {
        if (held_.load(relaxed) < depot_bytes) {
            shelf& s = shelf_of(index);
            lock_guard guard(s.lock);
            batch->next_batch = std::exchange(s.first[index / shelf_count], batch);
            held_.fetch_add(batch_bytes(index), relaxed);
            return;
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
    static constexpr std::size_t shelf_count = 16;
    struct alignas(cache_line) shelf {
        mutex lock;
        block* first[(class_count + shelf_count - 1) / shelf_count] EDO_GUARDED_BY(lock) = {};
    };
    shelf& shelf_of(std::size_t index) noexcept { return shelves_[index % shelf_count]; }
    atomic<std::size_t> held_{0};  // bytes, of all classes
    atomic<std::size_t> freed_{0};
    shelf shelves_[shelf_count];
};

// There from the start: whoever waits for another thread to make it would wait for ever in the child of
// a fork, where that thread is not. Never destroyed: threads may end after the static objects.
constinit depot shared_depot;
static_assert(std::is_trivially_destructible_v<depot>);
[[maybe_unused]] const bool is_held_over_forks = (shared_depot.hold_locks_over_forks(), true);

/// The two batches of each class that a thread keeps: one is filled and emptied, one is full.
class thread_cache {
public:
    constexpr thread_cache() noexcept {
        for (std::size_t i = 0; i < class_count; ++i) { bins_[i].room = pool_classes::batch(i); }
    }
    /// Without blocks and without room.
    constexpr explicit thread_cache(int) noexcept {}
    /// Null: there is none, see refill().
    void* allocate(std::size_t index) noexcept {
        bin& b = bins_[index];
        block* first = b.current;
        if (first != nullptr) {
            ++b.room;
            b.current = first->next;
        }
        return first;
    }
    /// False: there is no room, see unload().
    bool free(void* memory, std::size_t index) noexcept {
        bin& b = bins_[index];
        if (b.room == 0) { return false; }
        auto* freed = static_cast<block*>(memory);
        freed->next = b.current;
        b.current = freed;
        --b.room;
        return true;
    }
    /// Gets another batch and returns one of its blocks.
    void* refill(std::size_t index) {
        bin& b = bins_[index];
        block* batch = std::exchange(b.full, nullptr);
        if (batch == nullptr) { batch = shared_depot.take(index); }
        if (batch == nullptr) { return heap_take(class_bytes(index)); }
        b.current = batch->next;
        b.room = 1;
        return batch;
    }
    /// Makes room for another batch.
    void unload(std::size_t index) noexcept {
        bin& b = bins_[index];
        if (b.full != nullptr) { shared_depot.put(index, b.full); }
        b.full = std::exchange(b.current, nullptr);
        b.room = pool_classes::batch(index);
    }
    void trim() noexcept {
        for (std::size_t i = 0; i < class_count; ++i) {
            free_chain(std::exchange(bins_[i].current, nullptr));
            free_chain(std::exchange(bins_[i].full, nullptr));
            bins_[i].room = pool_classes::batch(i);
        }
    }

private:
    struct bin {
        block* current = nullptr;
        block* full = nullptr;
        std::uint32_t room = 0;  ///< in `current`
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

/// What a thread has that has no cache: holds nothing and has no room, so that nobody writes to it and
/// the fast paths need not ask.
constinit thread_cache no_cache{0};
constinit thread_local thread_cache* cache_of_thread = &no_cache;
constinit thread_local bool cache_is_gone = false;

cache_owner::cache_owner() noexcept { cache_of_thread = &cache_; }
cache_owner::~cache_owner() {
    cache_of_thread = &no_cache;
    cache_is_gone = true;
    cache_.trim();
}

/// The cache of the calling thread; null once the thread is about to end.
thread_cache* this_thread_cache() noexcept {
    if (cache_is_gone) { return nullptr; }
    if (cache_of_thread == &no_cache) { thread_local cache_owner owner; }
    return cache_of_thread;
}

constexpr bool plain_new = EDO_ASAN != 0;

/// What the fast paths below leave over; out of them, so that they need no registers.
EDO_NOINLINE void* take_slowly(std::size_t index) {
    thread_cache* cache = this_thread_cache();
    if (cache == nullptr) { return heap_take(class_bytes(index)); }
    void* found = cache->allocate(index);
    return found != nullptr ? found : cache->refill(index);
}

EDO_NOINLINE void give_slowly(void* memory, std::size_t index) noexcept {
    thread_cache* cache = this_thread_cache();
    if (cache == nullptr) {
        ::operator delete(memory);
    } else if (!cache->free(memory, index)) {
        cache->unload(index);
        static_cast<void>(cache->free(memory, index));
    }
}

}  // namespace

void* heap_take(std::size_t size) {
    count_heap_alloc();
    return ::operator new(size);
}

void* pool_take(std::size_t index, std::size_t size) {
    count_pool_alloc();
    if (plain_new) { return heap_take(size); }
    void* found = cache_of_thread->allocate(index);
    return found != nullptr ? found : take_slowly(index);
}

void pool_give(void* memory, std::size_t index) noexcept {
    if (plain_new) {
        ::operator delete(memory);
        return;
    }
    if (!cache_of_thread->free(memory, index)) { give_slowly(memory, index); }
}

void pool_trim() noexcept {
    if (thread_cache* cache = this_thread_cache()) { cache->trim(); }
    shared_depot.trim();
}

}  // namespace edo::detail
