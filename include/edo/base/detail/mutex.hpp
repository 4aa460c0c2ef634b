/// A std::mutex whose discipline Clang's -Wthread-safety checks.
#pragma once

#include <edo/base/detail/atomic.hpp>

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
        mutex_.lock();
    }
    bool try_lock() EDO_THREAD_ATTRIBUTE(try_acquire_capability(true)) {
        count_lock();
        return mutex_.try_lock();
    }
    void unlock() EDO_THREAD_ATTRIBUTE(release_capability()) { mutex_.unlock(); }
    /// The standard mutex, for a condition variable.
    std::mutex& native() noexcept { return mutex_; }

private:
    std::mutex mutex_;
};

/// Holds a mutex for a scope; may be released early.
class EDO_THREAD_ATTRIBUTE(scoped_lockable) lock_guard {
public:
    explicit lock_guard(mutex& m) EDO_THREAD_ATTRIBUTE(acquire_capability(m)) : mutex_(&m) {
        m.lock();
    }
    ~lock_guard() EDO_THREAD_ATTRIBUTE(release_capability()) {
        if (mutex_ != nullptr) { mutex_->unlock(); }
    }
    lock_guard(const lock_guard&) = delete;
    lock_guard& operator=(const lock_guard&) = delete;
    /// Releases the mutex before the end of the scope.
    void unlock() EDO_THREAD_ATTRIBUTE(release_capability()) {
        mutex_->unlock();
        mutex_ = nullptr;
    }

private:
    mutex* mutex_;
};

}  // namespace edo::detail
