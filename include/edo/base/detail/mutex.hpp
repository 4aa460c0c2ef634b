/// A mutex whose discipline Clang's -Wthread-safety checks.
#pragma once

#include <edo/base/detail/futex.hpp>
#include <edo/base/detail/futex_lock.hpp>

#include <chrono>
#include <cstdint>
#include <optional>

#if defined(__clang__)
#define EDO_THREAD_ATTRIBUTE(x) __attribute__((x))
#else
#define EDO_THREAD_ATTRIBUTE(x)
#endif
#define EDO_GUARDED_BY(m) EDO_THREAD_ATTRIBUTE(guarded_by(m))
#define EDO_REQUIRES(...) EDO_THREAD_ATTRIBUTE(requires_capability(__VA_ARGS__))
#define EDO_EXCLUDES(...) EDO_THREAD_ATTRIBUTE(locks_excluded(__VA_ARGS__))

namespace edo::detail {

/// The lock of Edo's slow paths. Held for a few instructions, never across a wake, a resume or a
/// user's code (invariant 4 of docs/architecture.md).
class EDO_THREAD_ATTRIBUTE(capability("mutex")) mutex {
public:
    void lock() noexcept EDO_THREAD_ATTRIBUTE(acquire_capability()) {
        count_lock();
        lock_.lock();
    }
    bool try_lock() noexcept EDO_THREAD_ATTRIBUTE(try_acquire_capability(true)) {
        count_lock();
        return lock_.try_lock();
    }
    void unlock() noexcept EDO_THREAD_ATTRIBUTE(release_capability()) { lock_.unlock(); }
    /// Whether nobody has it; then what the last holder did is visible. For who knows of a holder that
    /// must have left: in place of lock() and unlock().
    [[nodiscard]] bool is_free() const noexcept { return lock_.is_free(); }

private:
    futex_lock lock_;
};

/// Holds a mutex for a scope; may be released in between.
class EDO_THREAD_ATTRIBUTE(scoped_lockable) lock_guard {
public:
    explicit lock_guard(mutex& m) EDO_THREAD_ATTRIBUTE(acquire_capability(m)) : mutex_(&m) {
        m.lock();
    }
    ~lock_guard() EDO_THREAD_ATTRIBUTE(release_capability()) {
        if (is_held_) { mutex_->unlock(); }
    }
    lock_guard(const lock_guard&) = delete;
    lock_guard& operator=(const lock_guard&) = delete;
    /// Releases the mutex before the end of the scope.
    void unlock() EDO_THREAD_ATTRIBUTE(release_capability()) {
        mutex_->unlock();
        is_held_ = false;
    }
    /// Takes it again.
    void lock() EDO_THREAD_ATTRIBUTE(acquire_capability()) {
        mutex_->lock();
        is_held_ = true;
    }

private:
    mutex* mutex_;
    bool is_held_ = true;
};

/// What threads wait for under a mutex.
class condition {
public:
    /// Waits until `is_true()`, which is called under the mutex.
    template <class Predicate>
    void wait(lock_guard& held, Predicate is_true) {
        while (!is_true()) { sleep(held, std::nullopt); }
    }
    /// The same until `deadline`; false: it came first.
    template <class Predicate>
    bool wait_until(lock_guard& held, std::chrono::steady_clock::time_point deadline,
                    Predicate is_true) {
        while (!is_true()) {
            if (std::chrono::steady_clock::now() >= deadline) { return false; }
            sleep(held, deadline);
        }
        return true;
    }
    /// After a change that was made under the mutex.
    void notify_one() noexcept {
        changes_.fetch_add(1, relaxed);  // ordered by the mutex: sleep() reads it there
        futex_wake(changes_);
    }
    void notify_all() noexcept {
        changes_.fetch_add(1, relaxed);  // ordered by the mutex: sleep() reads it there
        futex_wake_all(changes_);
    }

private:
    void sleep(lock_guard& held,
               const std::optional<std::chrono::steady_clock::time_point>& deadline) noexcept
        EDO_THREAD_ATTRIBUTE(no_thread_safety_analysis) {   // it does not follow a guard
        const std::uint32_t seen = changes_.load(relaxed);  // a later change will differ
        held.unlock();
        futex_wait(changes_, seen, deadline);
        held.lock();
    }
    atomic<std::uint32_t> changes_{0};
};

}  // namespace edo::detail
