/// The forms of rw_lock and semaphore, for typed tests that hold of both.
#pragma once

#include <edo/sync/rw_lock.hpp>
#include <edo/sync/semaphore.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <memory>

namespace edo::test {

using rw_lock_of_int = sync::rw_lock<int>;

/// The members of rw_lock that borrow it, and those that share it.
struct borrowed_rw_lock {
    static auto read(const std::shared_ptr<rw_lock_of_int>& l) { return l->read(); }
    static auto write(const std::shared_ptr<rw_lock_of_int>& l) { return l->write(); }
    static auto try_read(const std::shared_ptr<rw_lock_of_int>& l) { return l->try_read(); }
    static auto try_write(const std::shared_ptr<rw_lock_of_int>& l) { return l->try_write(); }
};
struct owned_rw_lock {
    static auto read(const std::shared_ptr<rw_lock_of_int>& l) {
        return rw_lock_of_int::read_owned(l);
    }
    static auto write(const std::shared_ptr<rw_lock_of_int>& l) {
        return rw_lock_of_int::write_owned(l);
    }
    static auto try_read(const std::shared_ptr<rw_lock_of_int>& l) {
        return rw_lock_of_int::try_read_owned(l);
    }
    static auto try_write(const std::shared_ptr<rw_lock_of_int>& l) {
        return rw_lock_of_int::try_write_owned(l);
    }
};
using rw_lock_forms = testing::Types<borrowed_rw_lock, owned_rw_lock>;

/// acquire() and try_acquire(), or acquire_owned() and try_acquire_owned().
struct borrowed_semaphore {
    using permit = sync::semaphore::permit;
    static auto acquire(const std::shared_ptr<sync::semaphore>& s, std::size_t n = 1) {
        return s->acquire(n);
    }
    static auto try_acquire(const std::shared_ptr<sync::semaphore>& s, std::size_t n = 1) {
        return s->try_acquire(n);
    }
};
struct owned_semaphore {
    using permit = sync::semaphore::owned_permit;
    static auto acquire(const std::shared_ptr<sync::semaphore>& s, std::size_t n = 1) {
        return sync::semaphore::acquire_owned(s, n);
    }
    static auto try_acquire(const std::shared_ptr<sync::semaphore>& s, std::size_t n = 1) {
        return sync::semaphore::try_acquire_owned(s, n);
    }
};
using semaphore_forms = testing::Types<borrowed_semaphore, owned_semaphore>;

}  // namespace edo::test
