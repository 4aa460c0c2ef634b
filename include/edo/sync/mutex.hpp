/// A mutex whose lock may be held across co_await.
#pragma once

#include <edo/coro/detail/thread_cell.hpp>
#include <edo/coro/owning.hpp>
#include <edo/coro/sendable.hpp>
#include <edo/sync/detail/permit_leaf.hpp>

#include <memory>
#include <optional>
#include <source_location>
#include <type_traits>
#include <utility>
#include <variant>

namespace edo::sync {

template <class T = void>
class mutex;

/// Holds a mutex; the lock is given to the next waiter when this is destroyed. `Owner` is
/// `mutex<T>*` (mutex<T>::guard) or `std::shared_ptr<mutex<T>>` (mutex<T>::owned_guard).
///
/// Ownership      move-only; one that was moved from or unlocked holds nothing, and must not be
///                dereferenced.
/// Thread safety  it may be moved to, used and released on another thread than the one that locked.
/// Source         tokio::sync::MutexGuard, OwnedMutexGuard.
template <class T, class Owner>
class [[nodiscard("the lock is released at once if the guard is not kept")]] basic_mutex_guard {
public:
    /// Takes the lock over.
    basic_mutex_guard(basic_mutex_guard&& other) noexcept
        : owner_(std::exchange(other.owner_, nullptr)) {}
    /// Releases the own lock and takes the other over.
    basic_mutex_guard& operator=(basic_mutex_guard&& other) noexcept {
        basic_mutex_guard moved(std::move(other));
        std::swap(owner_, moved.owner_);
        return *this;
    }
    ~basic_mutex_guard() { unlock(); }

    /// Releases the lock before the end of the scope. Once more does nothing.
    void unlock() noexcept {
        if (Owner owner = std::exchange(owner_, nullptr)) { owner->semaphore_.give_back(1); }
    }
    /// Whether it holds the lock.
    [[nodiscard]] bool owns_lock() const noexcept { return owner_ != nullptr; }
    /// The value that the mutex protects.
    [[nodiscard]] std::add_lvalue_reference_t<T> operator*() const noexcept
        requires(!std::is_void_v<T>)
    {
        return owner_->value_;
    }
    /// The value that the mutex protects.
    [[nodiscard]] T* operator->() const noexcept
        requires(!std::is_void_v<T>)
    {
        return std::addressof(**this);
    }
    /// The mutex that is held.
    [[nodiscard]] const Owner& owner() const noexcept { return owner_; }

private:
    friend struct detail::guard_access;
    explicit basic_mutex_guard(Owner owner) noexcept : owner_(std::move(owner)) {}
    Owner owner_;
};

/// What mutex<T>::lock() gives.
template <class T>
using mutex_guard = basic_mutex_guard<T, mutex<T>*>;
/// What mutex<T>::lock_owned() gives.
template <class T>
using owned_mutex_guard = basic_mutex_guard<T, std::shared_ptr<mutex<T>>>;

/// Protects a `T`, or with `mutex<>` what the program says. Locks are given in the order of the
/// requests, to one waiter after the other, whatever the scheduler or the budget of a task does.
///
/// Thread safety  every member may be called from any thread, with or without a runtime.
/// Lifetime       it must outlive its guards and awaiters, nothing more: the one who is given the
///                lock last may destroy it.
/// Allocation     none.
/// Exceptions     a guard that is destroyed by an exception releases the lock; nothing is poisoned.
/// Source         tokio::sync::Mutex.
template <class T>
class mutex {
    static_assert(!std::is_reference_v<T>, "edo::sync::mutex protects an object, not a reference");
    using stored = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

public:
    /// Holds the lock and refers to the mutex.
    using guard = mutex_guard<T>;
    /// Holds the lock and a share of the mutex.
    using owned_guard = owned_mutex_guard<T>;

    /// Unlocked, with a value-initialised T.
    mutex()
        requires std::is_default_constructible_v<stored>
        : value_() {}
    /// Unlocked, protects `value`.
    explicit mutex(stored value)
        requires(!std::is_void_v<T>)
        : value_(std::move(value)) {}
    mutex(const mutex&) = delete;
    mutex& operator=(const mutex&) = delete;

    /// Waits until the lock is free and takes it. First come, first served.
    ///
    /// Returns        a guard; the lock is released when it is destroyed.
    /// Cancel safety  dropping the awaiter gives up the place in the queue; a lock that had been
    ///                given to it already goes to the next waiter.
    [[nodiscard("co_await the lock")]] auto lock() noexcept {
        return detail::lock_leaf<guard, mutex*>(semaphore_, 1, this);
    }
    /// The same; the guard shares the ownership of `m`, so it may go where it likes.
    [[nodiscard("co_await the lock")]] static auto lock_owned(std::shared_ptr<mutex> m) noexcept {
        return detail::lock_leaf<owned_guard, std::shared_ptr<mutex>>(m->semaphore_, 1,
                                                                      std::move(m));
    }
    /// Takes the lock if it is free and nobody waits for it.
    ///
    /// Returns        a guard, or nullopt.
    [[nodiscard]] std::optional<guard> try_lock() noexcept {
        if (!acquire_now()) { return std::nullopt; }
        return detail::guard_access::make<guard>(this);
    }
    /// The same; the guard shares the ownership of `m`.
    [[nodiscard]] static std::optional<owned_guard> try_lock_owned(
        std::shared_ptr<mutex> m) noexcept {
        if (!m->acquire_now()) { return std::nullopt; }
        return detail::guard_access::make<owned_guard>(std::move(m));
    }
    /// Waits for the lock on a plain thread, or in a blocking closure. In the same queue as lock().
    ///
    /// Errors         throws std::logic_error inside a task, which must not block.
    guard blocking_lock(std::source_location where = std::source_location::current()) {
        return detail::wait_in_thread(lock(), "mutex::blocking_lock()", where);
    }
    /// The same; the guard shares the ownership of `m`.
    static owned_guard blocking_lock_owned(
        std::shared_ptr<mutex> m, std::source_location where = std::source_location::current()) {
        return detail::wait_in_thread(lock_owned(std::move(m)), "mutex::blocking_lock_owned()",
                                      where);
    }
    /// The value, for one who has the mutex for himself.
    [[nodiscard]] std::add_lvalue_reference_t<T> get_unsynchronised() noexcept
        requires(!std::is_void_v<T>)
    {
        return value_;
    }

private:
    template <class, class>
    friend class basic_mutex_guard;
    friend class condition_variable;
    bool acquire_now() noexcept {
        return semaphore_.try_acquire(1) == detail::batch_semaphore::attempt::granted;
    }
    detail::batch_semaphore semaphore_{1};
    [[no_unique_address]] stored value_;
};

/// The object.
mutex() -> mutex<void>;
template <class T>
/// The object.
mutex(T) -> mutex<T>;

}  // namespace edo::sync

namespace edo {

/// A guard may be released by another thread.
template <class T, class Owner>
inline constexpr bool enable_sendable<sync::basic_mutex_guard<T, Owner>> = sendable<T>;
/// guard refers to its mutex, owned_guard shares it.
template <class T, class Owner>
inline constexpr bool enable_owning<sync::basic_mutex_guard<T, Owner>> =
    !std::is_pointer_v<Owner> && owning<T>;

}  // namespace edo
