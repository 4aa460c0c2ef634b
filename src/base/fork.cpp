#include "base/fork.hpp"

#include <pthread.h>

#include <array>
#include <new>
#include <stdexcept>

namespace edo::detail {
namespace {

atomic<std::uint32_t>& generation() noexcept {
    static constinit atomic<std::uint32_t> of_this_process{0};
    return of_this_process;
}

/// The locks that the forking thread takes first, so that no other has them in that moment.
class held_locks {
public:
    held_locks() {
        if (::pthread_atfork(&prepare, &after_in_parent, &after_in_child) != 0) {
            throw std::bad_alloc();
        }
    }
    void add(mutex& m) {
        const lock_guard guard(lock_);
        if (count_ == locks_.size()) { throw std::length_error("edo: too many locks over fork()"); }
        locks_[count_++] = &m;
    }
    static held_locks& all() {
        static auto* locks = new held_locks;  // never destroyed: a thread may fork at the very end
        return *locks;
    }

private:
    // What is locked in one function and unlocked in another is beyond -Wthread-safety.
    void lock_all() noexcept EDO_THREAD_ATTRIBUTE(no_thread_safety_analysis) {
        lock_.lock();
        for (std::size_t i = 0; i < count_; ++i) { locks_[i]->lock(); }
    }
    void unlock_all() noexcept EDO_THREAD_ATTRIBUTE(no_thread_safety_analysis) {
        for (std::size_t i = count_; i-- > 0;) { locks_[i]->unlock(); }
        lock_.unlock();
    }
    static void prepare() noexcept { all().lock_all(); }
    static void after_in_parent() noexcept { all().unlock_all(); }
    static void after_in_child() noexcept {
        generation().add_by_owner(1);
        all().unlock_all();
    }

    mutex lock_;
    std::array<mutex*, 32> locks_ EDO_GUARDED_BY(lock_){};
    std::size_t count_ EDO_GUARDED_BY(lock_) = 0;
};

}  // namespace

std::uint32_t fork_generation() noexcept { return generation().load(relaxed); }

std::uint32_t observe_forks() {
    static_cast<void>(held_locks::all());
    return fork_generation();
}

void hold_over_forks(mutex& lock) { held_locks::all().add(lock); }

}  // namespace edo::detail
