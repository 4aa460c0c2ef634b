/// The fair semaphore beneath mutex and mpsc.
///
///     word = permits << 2 | WAITERS | CLOSED
///
/// Lock-free while nobody waits: acquire and release are one compare-and-exchange each. The lock
/// guards the queue; WAITERS says that it is not empty, and only its holder changes the permits then.
/// WAITERS implies that no permit is available: the first waiter has taken what there was and waits
/// for the rest, so a small request never overtakes a large one.
#pragma once

#include <edo/base/detail/intrusive_list.hpp>
#include <edo/base/detail/mutex.hpp>
#include <edo/coro/detail/wake_list.hpp>

#include <cstddef>

namespace edo::detail {

class batch_semaphore;

/// A request for permits, the part of a leaf that waits for them. Everything but `phase_` is
/// guarded by the semaphore's lock while `is_armed_`, else the owner's.
class semaphore_waiter : private list_link {
public:
    semaphore_waiter(batch_semaphore& semaphore, std::size_t wanted) noexcept
        : semaphore_(&semaphore), wanted_(wanted) {}
    /// Takes the request over, with the permits it may have got. Not while it is armed.
    semaphore_waiter(semaphore_waiter&& other) noexcept
        : semaphore_(other.semaphore_), wanted_(other.wanted_) {
        phase_.store(other.phase_.load(relaxed), relaxed);
        other.phase_.store(phase::idle, relaxed);
    }
    semaphore_waiter& operator=(semaphore_waiter&&) = delete;
    ~semaphore_waiter() = default;  // the leaf has called give_up()

    /// Whether the permits are there, or never will be. Tries to take them.
    [[nodiscard]] bool ready() noexcept;
    /// Queues up. False: became ready meanwhile.
    [[nodiscard]] EDO_API bool arm(suspension& waiter) noexcept;
    /// Takes the waiter back: leaves the queue, keeps permits that were granted all. True: it gave some
    /// back, and the semaphore is closed.
    EDO_API bool disarm() noexcept;
    /// The end of a wait: true if the permits now belong to the caller, false if closed.
    [[nodiscard]] bool take() noexcept {
        const bool granted = phase_.load(relaxed) == phase::granted;
        is_armed_ = false;
        phase_.store(phase::idle, relaxed);
        return granted;
    }
    /// Waits until whoever granted the permits has left the lock, so that the semaphore may die.
    /// Before take(), where nothing else keeps the semaphore alive.
    void pass_lock() noexcept;
    /// Gives the request up. True: it gave permits back, and the semaphore is closed.
    bool give_up() noexcept;
    [[nodiscard]] std::size_t wanted() const noexcept { return wanted_; }

private:
    friend class batch_semaphore;
    friend class intrusive_list<semaphore_waiter>;
    enum class phase : unsigned char { idle, queued, granted, closed };
    batch_semaphore* semaphore_;
    std::size_t wanted_;
    std::size_t remaining_;  ///< while it is queued: what it has not got yet
    suspension* waiter_;     ///< while it is queued
    atomic<phase> phase_{phase::idle};
    bool is_armed_ = false;
};

/// Permits that are handed out first come, first served, also in batches.
class batch_semaphore {
public:
    static constexpr std::size_t max_permits = SIZE_MAX >> 3;
    enum class attempt : unsigned char { granted, none, closed };

    explicit batch_semaphore(std::size_t permits) noexcept : word_(permits << shift) {}
    batch_semaphore(const batch_semaphore&) = delete;
    batch_semaphore& operator=(const batch_semaphore&) = delete;

    /// Takes `n` permits if they are there and nobody waits.
    [[nodiscard]] attempt try_acquire(std::size_t n) noexcept {
        std::size_t v = word_.load(relaxed);
        for (;;) {
            if ((v & closed_bit) != 0) {
                static_cast<void>(is_closed());  // acquires what was done before close()
                return attempt::closed;
            }
            if ((v >> shift) < n) { return attempt::none; }
            // acquire: pairs with give_back(), what was done under the permits is seen
            if (word_.compare_exchange(v, v - (n << shift), acquire, relaxed)) {
                return attempt::granted;
            }
        }
    }
    /// Gives `n` permits to those who wait, or back. True: the semaphore is closed. Nothing here is
    /// touched after the last permit is given away: who gets it may destroy the semaphore.
    bool give_back(std::size_t n) noexcept {
        std::size_t v = word_.load(relaxed);
        while (n != 0) {
            if ((v & waiters_bit) != 0) {
                n = give_to_waiters(n);
                if (n != 0) { v = word_.load(relaxed); }
                // seq_cst: pairs with try_acquire(), and with is_idle() of one that arms meanwhile
            } else if (word_.compare_exchange(v, v + (n << shift), seq_cst, relaxed)) {
                return (v & closed_bit) != 0;
            }
        }
        return false;
    }
    /// Removes up to `n` permits that nobody has. How many.
    std::size_t forget(std::size_t n) noexcept {
        std::size_t v = word_.load(relaxed);
        for (;;) {
            const std::size_t gone = n < (v >> shift) ? n : v >> shift;
            if (word_.compare_exchange(v, v - (gone << shift), relaxed, relaxed)) { return gone; }
        }
    }
    /// Fails all who wait and all later requests; permits that are out stay valid.
    EDO_API void close() noexcept;
    /// Whether close() was called. acquire: pairs with close()
    [[nodiscard]] bool is_closed() const noexcept {
        return (word_.load(acquire) & closed_bit) != 0;
    }
    [[nodiscard]] std::size_t available() const noexcept {
        return word_.load(acquire) >> shift;  // pairs with: give_back()
    }
    /// Whether it is closed and all of its `permits` are back. Stays true.
    [[nodiscard]] bool is_idle(std::size_t permits) const noexcept {
        // seq_cst: pairs with give_back(); one of the two sees the other's side (consumer_latch)
        return word_.load(seq_cst) == ((permits << shift) | closed_bit);
    }

private:
    friend class semaphore_waiter;
    static constexpr std::size_t closed_bit = 1;
    static constexpr std::size_t waiters_bit = 2;
    static constexpr unsigned shift = 2;

    EDO_API std::size_t give_to_waiters(std::size_t n) noexcept EDO_EXCLUDES(lock_);
    bool enqueue(semaphore_waiter& w, suspension& waiter) noexcept EDO_EXCLUDES(lock_);
    std::size_t distribute(std::size_t n, wake_list& woken) noexcept EDO_REQUIRES(lock_);
    void clear_waiters_bit() noexcept EDO_REQUIRES(lock_);

    atomic<std::size_t> word_;
    mutex lock_;
    intrusive_list<semaphore_waiter> waiters_ EDO_GUARDED_BY(lock_);
};

inline bool semaphore_waiter::ready() noexcept {
    // acquire: pairs with the grant in distribute() and the end in close()
    const phase seen = phase_.load(acquire);
    if (seen != phase::idle) { return seen != phase::queued; }
    const auto result = semaphore_->try_acquire(wanted_);
    if (result == batch_semaphore::attempt::none) { return false; }
    phase_.store(result == batch_semaphore::attempt::granted ? phase::granted : phase::closed,
                 relaxed);
    return true;
}

inline void semaphore_waiter::pass_lock() noexcept {
    if (is_armed_) { lock_guard guard(semaphore_->lock_); }
}

EDO_ALWAYS_INLINE bool semaphore_waiter::give_up() noexcept {
    const bool is_closed = is_armed_ && disarm();
    if (phase_.load(relaxed) != phase::granted) { return is_closed; }
    return semaphore_->give_back(wanted_);
}

}  // namespace edo::detail
