/// Stands for the shipped header in the model tests.
#pragma once

#include <edo/base/detail/atomic.hpp>

#include <chrono>

#define EDO_GUARDED_BY(m)
#define EDO_REQUIRES(...)
#define EDO_EXCLUDES(...)

namespace edo::detail {

class mutex {
public:
    mutex() noexcept = default;
    ~mutex() {
        if (is_current()) { model::engine::end_lock(id_); }
    }
    mutex(const mutex&) = delete;
    mutex& operator=(const mutex&) = delete;
    void lock() noexcept {
        if (model::engine::is_running()) { model::engine::lock(id()); }
    }
    bool try_lock() noexcept {
        return !model::engine::is_running() || model::engine::try_lock(id());
    }
    void unlock() noexcept {
        if (model::engine::is_running()) { model::engine::unlock(id()); }
    }
    [[nodiscard]] bool is_free() noexcept {
        if (!try_lock()) { return false; }
        unlock();
        return true;
    }

private:
    [[nodiscard]] bool is_current() const noexcept {
        return model::engine::is_running() && execution_ == model::engine::execution();
    }
    std::uint32_t id() noexcept {
        if (!is_current()) {
            execution_ = model::engine::execution();
            id_ = model::engine::make_lock();
        }
        return id_;
    }
    std::uint64_t execution_ = 0;
    std::uint32_t id_ = 0;
};

class lock_guard {
public:
    explicit lock_guard(mutex& m) noexcept : mutex_(&m) { m.lock(); }
    ~lock_guard() {
        if (is_held_) { mutex_->unlock(); }
    }
    lock_guard(const lock_guard&) = delete;
    lock_guard& operator=(const lock_guard&) = delete;
    void unlock() noexcept {
        mutex_->unlock();
        is_held_ = false;
    }
    void lock() noexcept {
        mutex_->lock();
        is_held_ = true;
    }

private:
    mutex* mutex_;
    bool is_held_ = true;
};

/// Deadlines never come.
class condition {
public:
    template <class Predicate>
    void wait(lock_guard& held, Predicate is_true) {
        while (!is_true()) {
            held.unlock();  // no step in between: nobody else runs before the sleep
            model::engine::sleep(this);
            held.lock();
        }
    }
    template <class Predicate>
    bool wait_until(lock_guard& held, std::chrono::steady_clock::time_point, Predicate is_true) {
        wait(held, is_true);
        return true;
    }
    void notify_one() noexcept {
        if (model::engine::is_running()) { model::engine::wake(this, false); }
    }
    void notify_all() noexcept {
        if (model::engine::is_running()) { model::engine::wake(this, true); }
    }
};

}  // namespace edo::detail
