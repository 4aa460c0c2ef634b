/// A lock of four bytes.
#pragma once

#include <edo/base/detail/atomic.hpp>

#include <cstdint>

namespace edo::detail {

/// Mutual exclusion on a futex (man 2 futex): a read-modify-write to take it and one to leave it, and no
/// call into the kernel as long as nobody has to wait. Who leaves it does not touch it after that, but
/// for its address in the call that wakes a waiter: it may be destroyed by the next holder.
/// The three states are those of Ulrich Drepper, "Futexes Are Tricky" (2011).
class futex_lock {
public:
    void lock() noexcept {
        if (!try_lock()) { lock_slowly(); }
    }
    [[nodiscard]] bool try_lock() noexcept {
        std::uint32_t expected = open;
        return word_.compare_exchange(expected, held, acquire, relaxed);  // pairs with: unlock()
    }
    void unlock() noexcept {
        // release: pairs with try_lock() and lock_slowly()
        if (word_.exchange(open, release) == awaited) { wake_one(); }
    }
    /// Whether nobody has it; then what the last holder did is visible.
    [[nodiscard]] bool is_free() const noexcept {
        return word_.load(acquire) == open;  // pairs with: unlock()
    }

private:
    enum : std::uint32_t { open, held, awaited };  ///< awaited: held, and somebody may sleep
    EDO_API void lock_slowly() noexcept;
    EDO_API void wake_one() noexcept;
    atomic<std::uint32_t> word_{open};
};

}  // namespace edo::detail
