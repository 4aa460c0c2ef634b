/// A lock for many readers or one writer, which may be held across co_await.
#pragma once

#include <edo/coro/detail/thread_cell.hpp>
#include <edo/coro/owning.hpp>
#include <edo/coro/sendable.hpp>
#include <edo/sync/detail/permit_leaf.hpp>

#include <memory>
#include <optional>
#include <source_location>
#include <stdexcept>
#include <utility>

namespace edo::sync {

template <class T>
class rw_lock;

}  // namespace edo::sync

namespace edo::detail {

/// How a rw_lock is held: a reader has one permit of its semaphore, the writer all.
struct shared_hold {
    static constexpr bool is_shared = true;
};
struct exclusive_hold {
    static constexpr bool is_shared = false;
};

}  // namespace edo::detail

namespace edo::sync {

/// Holds a rw_lock until it is destroyed. `Hold` says whether with other readers (read_guard) or
/// alone (write_guard); `Owner` is `rw_lock<T>*` or `std::shared_ptr<rw_lock<T>>` (owned forms).
///
/// Ownership      move-only; one that was moved from or unlocked holds nothing, and must not be
///                dereferenced.
/// Thread safety  it may be moved to, used and released on another thread than the one that locked.
/// Source         tokio::sync::RwLockReadGuard, RwLockWriteGuard and their owned forms.
template <class T, class Owner, class Hold>
class [[nodiscard("the lock is released at once if the guard is not kept")]] basic_rw_guard {
    using value_type = std::conditional_t<Hold::is_shared, const T, T>;

public:
    /// Takes the hold over.
    basic_rw_guard(basic_rw_guard&& other) noexcept
        : owner_(std::exchange(other.owner_, nullptr)) {}
    /// Releases the own hold and takes the other over.
    basic_rw_guard& operator=(basic_rw_guard&& other) noexcept {
        basic_rw_guard moved(std::move(other));
        std::swap(owner_, moved.owner_);
        return *this;
    }
    ~basic_rw_guard() { unlock(); }

    /// Releases the lock before the end of the scope. Once more does nothing.
    void unlock() noexcept {
        if (Owner owner = std::exchange(owner_, nullptr)) {
            owner->semaphore_.give_back(owner->template permits<Hold>());
        }
    }
    /// Whether it holds the lock.
    [[nodiscard]] bool owns_lock() const noexcept { return owner_ != nullptr; }
    /// The value that the lock protects.
    [[nodiscard]] value_type& operator*() const noexcept { return owner_->value_; }
    /// The value that the lock protects.
    [[nodiscard]] value_type* operator->() const noexcept { return std::addressof(**this); }
    /// Goes on as a reader; no writer comes in between, other readers that wait are let in. This
    /// guard holds nothing afterwards.
    [[nodiscard]] auto downgrade() && noexcept
        requires(!Hold::is_shared)
    {
        using reader = basic_rw_guard<T, Owner, detail::shared_hold>;
        Owner owner = std::exchange(owner_, nullptr);
        owner->semaphore_.give_back(owner->template permits<Hold>() - 1);
        return detail::guard_access::make<reader>(std::move(owner));
    }

private:
    friend struct detail::guard_access;
    explicit basic_rw_guard(Owner owner) noexcept : owner_(std::move(owner)) {}
    Owner owner_;
};

/// Protects a `T`: many may read at once, or one may write. Requests are served in their order: a
/// writer that waits is not overtaken by readers that come later, so a task that holds a read_guard
/// must not ask for another one while a writer may wait.
///
/// Thread safety  every member may be called from any thread, with or without a runtime.
/// Lifetime       it must outlive its guards and awaiters, nothing more.
/// Allocation     none.
/// Exceptions     a guard that is destroyed by an exception releases the lock; nothing is poisoned.
/// Source         tokio::sync::RwLock.
template <class T>
class rw_lock {
    static_assert(!std::is_reference_v<T>, "edo::sync::rw_lock protects an object, no reference");
    template <class Owner, class Hold>
    using guard_of = basic_rw_guard<T, Owner, Hold>;
    using shared = detail::shared_hold;
    using exclusive = detail::exclusive_hold;
    using owner = std::shared_ptr<rw_lock>;

public:
    /// Holds the lock with other readers; gives a `const T`.
    using read_guard = guard_of<rw_lock*, shared>;
    /// Holds the lock alone.
    using write_guard = guard_of<rw_lock*, exclusive>;
    /// The same with a share of the lock.
    using owned_read_guard = guard_of<owner, shared>;
    /// The same with a share of the lock.
    using owned_write_guard = guard_of<owner, exclusive>;
    /// The most readers at once.
    static constexpr std::size_t max_readers = detail::batch_semaphore::max_permits >> 3;

    /// Unlocked, with a value-initialised T.
    rw_lock()
        requires std::is_default_constructible_v<T>
        : value_() {}
    /// Unlocked, protects `value`. At most `readers` read at once. Throws std::invalid_argument for 0 and
    /// above max_readers.
    explicit rw_lock(T value, std::size_t readers = max_readers)
        : max_readers_(checked(readers)), semaphore_(readers), value_(std::move(value)) {}
    rw_lock(const rw_lock&) = delete;
    rw_lock& operator=(const rw_lock&) = delete;

    /// Waits until no writer holds the lock or waits in front. Gives a read_guard.
    ///
    /// Cancel safety  dropping the awaiter gives up the place in the queue; a lock that had been
    ///                given to it already goes to the next waiter.
    [[nodiscard("co_await the lock")]] auto read() noexcept {
        return leaf<read_guard, shared>(this);
    }
    /// Waits until nobody holds the lock or waits in front. Gives a write_guard. As read().
    [[nodiscard("co_await the lock")]] auto write() noexcept {
        return leaf<write_guard, exclusive>(this);
    }
    /// read(); the guard shares the ownership of `lock`.
    [[nodiscard("co_await the lock")]] static auto read_owned(owner lock) noexcept {
        return leaf<owned_read_guard, shared>(std::move(lock));
    }
    /// write(); the guard shares the ownership of `lock`.
    [[nodiscard("co_await the lock")]] static auto write_owned(owner lock) noexcept {
        return leaf<owned_write_guard, exclusive>(std::move(lock));
    }
    /// A read_guard if nobody writes or waits, else nullopt.
    [[nodiscard]] std::optional<read_guard> try_read() noexcept {
        return take_now<read_guard, shared>(this);
    }
    /// A write_guard if nobody holds the lock or waits, else nullopt.
    [[nodiscard]] std::optional<write_guard> try_write() noexcept {
        return take_now<write_guard, exclusive>(this);
    }
    /// try_read(); the guard shares the ownership of `lock`.
    [[nodiscard]] static std::optional<owned_read_guard> try_read_owned(owner lock) noexcept {
        return take_now<owned_read_guard, shared>(std::move(lock));
    }
    /// try_write(); the guard shares the ownership of `lock`.
    [[nodiscard]] static std::optional<owned_write_guard> try_write_owned(owner lock) noexcept {
        return take_now<owned_write_guard, exclusive>(std::move(lock));
    }
    /// Waits on a plain thread, or in a blocking closure. In the same queue as read().
    ///
    /// Errors         throws std::logic_error inside a task, which must not block.
    read_guard blocking_read(std::source_location where = std::source_location::current()) {
        return detail::wait_in_thread(read(), "rw_lock::blocking_read()", where);
    }
    /// The same for a writer.
    write_guard blocking_write(std::source_location where = std::source_location::current()) {
        return detail::wait_in_thread(write(), "rw_lock::blocking_write()", where);
    }
    /// blocking_read(); the guard shares the ownership of `lock`.
    static owned_read_guard blocking_read_owned(
        owner lock, std::source_location where = std::source_location::current()) {
        return detail::wait_in_thread(read_owned(std::move(lock)), "rw_lock::blocking_read_owned()",
                                      where);
    }
    /// blocking_write(); the guard shares the ownership of `lock`.
    static owned_write_guard blocking_write_owned(
        owner lock, std::source_location where = std::source_location::current()) {
        return detail::wait_in_thread(write_owned(std::move(lock)),
                                      "rw_lock::blocking_write_owned()", where);
    }
    /// The value, for one who has the lock for himself.
    [[nodiscard]] T& get_unsynchronised() noexcept { return value_; }

private:
    template <class, class, class>
    friend class basic_rw_guard;
    template <class Hold>
    std::size_t permits() const noexcept {
        return Hold::is_shared ? 1 : max_readers_;
    }
    template <class Guard, class Hold, class Owner>
    static auto leaf(Owner lock) noexcept {
        return detail::lock_leaf<Guard, Owner>(lock->semaphore_, lock->template permits<Hold>(),
                                               std::move(lock));
    }
    template <class Guard, class Hold, class Owner>
    static std::optional<Guard> take_now(Owner lock) noexcept {
        const std::size_t n = lock->template permits<Hold>();
        if (lock->semaphore_.try_acquire(n) != detail::batch_semaphore::attempt::granted) {
            return std::nullopt;
        }
        return detail::guard_access::make<Guard>(std::move(lock));
    }
    static std::size_t checked(std::size_t readers) {
        if (readers == 0 || readers > max_readers) {
            throw std::invalid_argument("edo: a rw_lock is for 1 to rw_lock::max_readers readers");
        }
        return readers;
    }
    std::size_t max_readers_ = max_readers;
    detail::batch_semaphore semaphore_{max_readers};
    T value_;
};

}  // namespace edo::sync

namespace edo {

/// A guard may be released by another thread.
template <class T, class Owner, class Hold>
inline constexpr bool enable_sendable<sync::basic_rw_guard<T, Owner, Hold>> = sendable<T>;
/// The plain guards refer to their lock, the owned ones share it.
template <class T, class Owner, class Hold>
inline constexpr bool enable_owning<sync::basic_rw_guard<T, Owner, Hold>> =
    !std::is_pointer_v<Owner> && owning<T>;

}  // namespace edo
