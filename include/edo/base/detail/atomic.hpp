/// The only place that names std::atomic: counted in EDO_COUNT builds, replaceable by a model.
#pragma once

#include <edo/base/config.hpp>

#include <sched.h>

#include <atomic>
#include <cstdint>

namespace edo::detail {

inline constexpr std::memory_order relaxed = std::memory_order_relaxed;
inline constexpr std::memory_order acquire = std::memory_order_acquire;
inline constexpr std::memory_order release = std::memory_order_release;
inline constexpr std::memory_order acq_rel = std::memory_order_acq_rel;
inline constexpr std::memory_order seq_cst = std::memory_order_seq_cst;

/// What a counting build has counted so far, over all threads.
struct operation_counts {
    std::atomic<std::uint64_t> rmw{0};          ///< read-modify-writes, store-load fences included
    std::atomic<std::uint64_t> locks{0};        ///< acquisitions of a detail::mutex
    std::atomic<std::uint64_t> pool_allocs{0};  ///< blocks asked from the recycling allocator
    std::atomic<std::uint64_t> heap_allocs{0};  ///< blocks that it had to take from the heap
};

#if EDO_COUNT
EDO_API operation_counts& counts() noexcept;
inline void count_rmw() noexcept { counts().rmw.fetch_add(1, relaxed); }
inline void count_lock() noexcept { counts().locks.fetch_add(1, relaxed); }
inline void count_pool_alloc() noexcept { counts().pool_allocs.fetch_add(1, relaxed); }
inline void count_heap_alloc() noexcept { counts().heap_allocs.fetch_add(1, relaxed); }
#else
inline void count_rmw() noexcept {}
inline void count_lock() noexcept {}
inline void count_pool_alloc() noexcept {}
inline void count_heap_alloc() noexcept {}
#endif

/// std::atomic without defaults: every call names its order.
template <class T>
class atomic {
public:
    constexpr atomic() noexcept : value_(T{}) {}
    constexpr explicit atomic(T value) noexcept : value_(value) {}
    atomic(const atomic&) = delete;
    atomic& operator=(const atomic&) = delete;

    T load(std::memory_order order) const noexcept { return value_.load(order); }
    void store(T value, std::memory_order order) noexcept { value_.store(value, order); }
    T exchange(T value, std::memory_order order) noexcept {
        count_rmw();
        return value_.exchange(value, order);
    }
    bool compare_exchange(T& expected, T desired, std::memory_order success,
                          std::memory_order failure) noexcept {
        count_rmw();
        return value_.compare_exchange_strong(expected, desired, success, failure);
    }
    T fetch_add(T value, std::memory_order order) noexcept {
        count_rmw();
        return value_.fetch_add(value, order);
    }
    T fetch_sub(T value, std::memory_order order) noexcept {
        count_rmw();
        return value_.fetch_sub(value, order);
    }
    T fetch_or(T value, std::memory_order order) noexcept {
        count_rmw();
        return value_.fetch_or(value, order);
    }
    /// Adds to a counter that only one thread writes: no read-modify-write.
    void add_by_owner(T value) noexcept { store(load(relaxed) + value, relaxed); }
    /// The object itself, for the futex system call.
    std::atomic<T>& native() noexcept { return value_; }

private:
    std::atomic<T> value_;
};

/// Orders an earlier store before a later load, also against a thread that does the same the other
/// way round (Dekker's pattern). The partner of every call is another call of this function.
/// A locked instruction on the own stack is the cheapest form on x86-64 (Clang turns a seq_cst
/// fence into mfence, which costs twice as much); ThreadSanitizer does not model fences, so there
/// it is a read-modify-write on one shared word.
inline void store_load_fence() noexcept {
    count_rmw();
#if EDO_TSAN
    static std::atomic<int> word{0};
    word.fetch_add(0, seq_cst);  // pairs with: the same read-modify-write in the other thread
#elif defined(__x86_64__)
    asm volatile("lock orl $0, (%%rsp)" ::: "memory", "cc");
#else
    std::atomic_thread_fence(seq_cst);  // pairs with: the same fence in the other thread
#endif
}

/// Tells the processor that this is a spinning loop.
inline void cpu_relax() noexcept {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#else
    asm volatile("yield" ::: "memory");
#endif
}

/// The same where the wait may be long: another thread may run instead.
inline void yield_thread() noexcept { ::sched_yield(); }

}  // namespace edo::detail
