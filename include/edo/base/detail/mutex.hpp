/// A std::mutex whose discipline Clang's -Wthread-safety checks.
#pragma once

#include <edo/base/detail/atomic.hpp>

#include <chrono>
#include <condition_variable>
#include <mutex>

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
    void lock() EDO_THREAD_ATTRIBUTE(acquire_capability()) {
        count_lock();
        // A holder leaves soon: to sleep and be woken takes a hundred times as long.
        for (int attempt = 0; attempt < attempts; ++attempt) {
            if (mutex_.try_lock()) { return; }
            cpu_relax();
        }
        mutex_.lock();
    }
    bool try_lock() EDO_THREAD_ATTRIBUTE(try_acquire_capability(true)) {
        count_lock();
        return mutex_.try_lock();
    }
    void unlock() EDO_THREAD_ATTRIBUTE(release_capability()) { mutex_.unlock(); }

private:
    friend class condition;
    static constexpr int attempts = 50;
    std::mutex mutex_;
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
    friend class condition;
    mutex* mutex_;
    bool is_held_ = true;
};

/// What threads wait for under a mutex.
class condition {
public:
    /// Waits until `is_true()`, which is called under the mutex.
    template <class Predicate>
    void wait(lock_guard& held, Predicate is_true) {
        borrowed lock(held);
        variable_.wait(lock.standard, is_true);
    }
    /// The same until `deadline`; false: it came first.
    template <class Predicate>
    bool wait_until(lock_guard& held, std::chrono::steady_clock::time_point deadline,
                    Predicate is_true) {
        borrowed lock(held);
        return variable_.wait_until(lock.standard, deadline, is_true);
    }
    void notify_one() noexcept { variable_.notify_one(); }
    void notify_all() noexcept { variable_.notify_all(); }

private:
    struct borrowed {
        explicit borrowed(lock_guard& held) : standard(held.mutex_->mutex_, std::adopt_lock) {}
        ~borrowed() { static_cast<void>(standard.release()); }
        borrowed(const borrowed&) = delete;
        borrowed& operator=(const borrowed&) = delete;
        std::unique_lock<std::mutex> standard;
    };
    std::condition_variable variable_;
};

}  // namespace edo::detail
