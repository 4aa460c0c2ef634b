/// A value that is set once.
#pragma once

#include <edo/coro/detail/thread_cell.hpp>
#include <edo/coro/owning.hpp>
#include <edo/coro/sendable.hpp>
#include <edo/coro/task.hpp>
#include <edo/sync/detail/set_state.hpp>
#include <edo/sync/mutex.hpp>

#include <expected>
#include <functional>
#include <source_location>
#include <utility>

namespace edo::sync {

/// A value that is set once, by whoever comes first, and read without waiting from then on.
///
/// Thread safety  every member may be called from any thread, with or without a runtime.
/// Lifetime       it must outlive its awaiters, the calls of its members, and the references it gives.
/// Memory         what was done before the value was set happens before every look that finds it.
/// Allocation     none.
/// Source         tokio::sync::SetOnce.
template <class T>
class set_once {
public:
    /// Not set.
    set_once() noexcept = default;
    set_once(const set_once&) = delete;
    set_once& operator=(const set_once&) = delete;

    /// Sets the value; wakes all who wait. If it is set already, the error is the value that was given.
    std::expected<void, T> set(T value) { return state_.set(std::move(value)); }
    /// The value; null if it is not set.
    [[nodiscard]] const T* get() const noexcept { return state_.get(); }
    /// Whether the value is set.
    [[nodiscard]] bool is_initialized() const noexcept { return get() != nullptr; }
    /// Waits until the value is set: `const T&`.
    ///
    /// Cancel safety  dropping the awaiter has no effect.
    [[nodiscard("co_await it")]] auto wait() noexcept { return state_.wait(); }
    /// The same on a plain thread, or in a blocking closure.
    ///
    /// Errors         throws std::logic_error inside a task, which must not block.
    const T& blocking_wait(std::source_location where = std::source_location::current()) {
        detail::wait_in_thread(state_.wait_only(), "set_once::blocking_wait()", where);
        return *get();
    }
    /// Takes the value out, for one who has this for himself; it may be set again. Throws what the move of
    /// T throws; then the value is still there.
    [[nodiscard]] std::optional<T> take() { return state_.take(); }

private:
    detail::set_state<T> state_;
};

/// A value that is made by the first who needs it, asynchronously; others wait meanwhile.
///
/// Thread safety  every member may be called from any thread, with or without a runtime.
/// Lifetime       it must outlive its awaiters, the calls of its members, and the references it gives.
/// Allocation     the coroutine of get_or_init().
/// Source         tokio::sync::OnceCell.
template <class T>
class once_cell {
public:
    /// Not set.
    once_cell() noexcept = default;
    /// Set to `value`.
    explicit once_cell(T value) { static_cast<void>(state_.set(std::move(value))); }
    once_cell(const once_cell&) = delete;
    once_cell& operator=(const once_cell&) = delete;

    /// The value; null if it is not set.
    [[nodiscard]] const T* get() const noexcept { return state_.get(); }
    /// Whether the value is set.
    [[nodiscard]] bool is_initialized() const noexcept { return get() != nullptr; }
    /// Sets the value. If it is set already, or just being made by a get_or_init(), the error is the
    /// value that was given.
    std::expected<void, T> set(T value) {
        auto alone = making_.try_lock();
        if (!alone) { return std::unexpected(std::move(value)); }
        return set_and_unlock(std::move(value), std::move(*alone));
    }
    /// The value; if it is not set, what `make()` gives, which returns task<T> and is called by one at
    /// a time.
    ///
    /// Exceptions     if the task ends with one, it comes out here, nothing is set, and the next who
    ///                waits tries with his own `make`.
    /// Cancel safety  the same if it is dropped.
    template <class F>
    task<const T&> get_or_init(F make) {
        if (get() == nullptr) {
            auto alone = co_await making_.lock();
            if (get() == nullptr) {
                T made = co_await std::invoke(make);
                static_cast<void>(set_and_unlock(std::move(made), std::move(alone)));
            }
        }
        co_return *get();
    }
    /// Waits until the value is set: `const T&`. Makes nothing.
    [[nodiscard("co_await it")]] auto wait() noexcept { return state_.wait(); }
    /// The same on a plain thread, or in a blocking closure.
    ///
    /// Errors         throws std::logic_error inside a task, which must not block.
    const T& blocking_wait(std::source_location where = std::source_location::current()) {
        detail::wait_in_thread(state_.wait_only(), "once_cell::blocking_wait()", where);
        return *get();
    }
    /// Takes the value out, for one who has this for himself; it may be set again. Throws what the move of
    /// T throws; then the value is still there.
    [[nodiscard]] std::optional<T> take() { return state_.take(); }

private:
    /// Sets what the holder of `alone` has made, and wakes the others when it has let go.
    std::expected<void, T> set_and_unlock(T&& value, mutex<>::guard alone) {
        typename detail::set_state<T>::waiting told;
        auto done = state_.store(std::move(value), told);
        alone.unlock();
        state_.tell(told);
        return done;
    }
    detail::set_state<T> state_;
    mutex<> making_;
};

}  // namespace edo::sync

namespace edo {

template <class T>
inline constexpr bool enable_sendable<sync::set_once<T>> = sendable<T>;
template <class T>
inline constexpr bool enable_owning<sync::set_once<T>> = owning<T>;
template <class T>
inline constexpr bool enable_sendable<sync::once_cell<T>> = sendable<T>;
template <class T>
inline constexpr bool enable_owning<sync::once_cell<T>> = owning<T>;
/// A wait refers to its cell.
template <class T>
inline constexpr bool enable_owning<detail::set_wait<T>> = false;

}  // namespace edo
