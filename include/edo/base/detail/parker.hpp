/// How a thread sleeps until another thread or a deadline wakes it.
#pragma once

#include <edo/base/detail/atomic.hpp>
#include <edo/base/detail/patience.hpp>

#include <chrono>
#include <optional>

namespace edo::detail {

/// A binary semaphore of one thread on a futex (man 2 futex). Parkers are never freed, only used
/// again by later threads, so whoever found a pointer to one may call unpark() at any time, also
/// after the thread has gone: the worst outcome is a spurious wake-up of another thread.
class parker {
public:
    /// The parker of the calling thread. Throws std::bad_alloc.
    EDO_API static parker& this_thread();
    /// Makes a reserved parker that of the calling thread, which has asked for none yet; null: ends
    /// that.
    EDO_API static void adopt(parker* p) noexcept;
    /// A parker for a thread that is not started yet, and its return. reserve() throws
    /// std::bad_alloc.
    EDO_API static parker& reserve();
    EDO_API static void give_back(parker& p) noexcept;

    /// Sleeps until unpark() is called (also if it was called before). May return early.
    EDO_API void park() noexcept;
    /// The same, but at most until `deadline` of the monotonic clock.
    EDO_API void park_until(std::chrono::steady_clock::time_point deadline) noexcept;
    /// Makes the next or the running park() return. Everything done before it is visible then.
    EDO_API void unpark() noexcept;
    /// Consumes a pending unpark() without sleeping. True if there was one.
    EDO_API bool try_consume() noexcept;

    parker* next_free = nullptr;  ///< link in the list of parkers without a thread

private:
    enum : std::uint32_t { empty, notified, parked };
    void wait(const std::optional<std::chrono::steady_clock::time_point>& deadline) noexcept;
    atomic<std::uint32_t> word_{empty};
    patience patience_;  ///< of the thread that parks
};

}  // namespace edo::detail
