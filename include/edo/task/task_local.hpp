/// Values that belong to a task.
#pragma once

#include <edo/coro/task.hpp>

#include <optional>
#include <source_location>
#include <stdexcept>

namespace edo {
namespace detail {

/// A link of the immutable chain of values that a branch sees. It lies in the frame of scope().
struct local_value {
    const void* key;
    const void* value;
    const local_value* outer;
};

/// The chain of the running branch, or of the thread outside of tasks.
EDO_API const local_value* current_locals() noexcept;
EDO_API void set_current_locals(const local_value* chain);
EDO_API const void* find_local(const void* key) noexcept;
[[noreturn]] EDO_API void throw_no_local_value(const std::source_location& where);

/// Adds a value to the chain for a scope.
class local_scope {
public:
    local_scope(const void* key, const void* value) : link_{key, value, current_locals()} {
        set_current_locals(&link_);
    }
    ~local_scope() { set_current_locals(link_.outer); }
    local_scope(const local_scope&) = delete;
    local_scope& operator=(const local_scope&) = delete;

private:
    local_value link_;
};

}  // namespace detail

template <class T>
class task_local;

/// A task with a value of a task_local: what task_local::scoped makes. Awaited once, as an lvalue.
/// Cancel safety  dropped while it is awaited, the task is destroyed and the value stays here.
/// Thread safety  none: one thread at a time.
template <class T, class R>
class [[nodiscard("co_await it")]] scoped_task {
public:
    scoped_task(const scoped_task&) = delete;
    scoped_task& operator=(const scoped_task&) = delete;

    /// `co_await scoped` runs the task with the value in place, or without one if it was taken.
    /// Throws std::logic_error the second time.
    auto operator co_await() { return detail::task_awaiter<R>(run(*this)); }
    /// The value, before the task runs or after it; nothing if it was taken.
    [[nodiscard]] std::optional<T> take_value() { return std::exchange(value_, std::nullopt); }

private:
    friend class task_local<T>;
    scoped_task(const task_local<T>& key, T value, task<R> inner)
        : key_(&key), value_(std::move(value)), inner_(std::move(inner)) {}
    static task<R> run(scoped_task& self) {
        std::optional<detail::local_scope> in_place;
        if (self.value_) { in_place.emplace(self.key_, &*self.value_); }
        co_return co_await std::move(self.inner_);
    }
    const task_local<T>* key_;
    std::optional<T> value_;
    task<R> inner_;
};

/// A key for values that belong to a task and follow it over threads. As tokio::task_local!.
/// Values are not inherited by spawned tasks.
///
/// Thread safety  a key may be used by all threads; each task sees its own value.
template <class T>
class task_local {
public:
    /// A new key.
    constexpr task_local() noexcept = default;
    task_local(const task_local&) = delete;
    task_local& operator=(const task_local&) = delete;

    /// Runs `inner` with `value` in place; also its destructors see it, when it is dropped.
    template <class R>
    [[nodiscard("co_await it")]] task<R> scope(T value, task<R> inner) const {
        return scoped<R>(this, std::move(value), std::move(inner));
    }
    /// The same as an object that gives the value back: see scoped_task.
    template <class R>
    scoped_task<T, R> scoped(T value, task<R> inner) const {
        return {*this, std::move(value), std::move(inner)};
    }
    /// Calls `f()` with `value` in place, in a task or in a plain thread.
    template <class F>
    decltype(auto) sync_scope(T value, F&& f) const {
        const detail::local_scope in_place(this, &value);
        return std::forward<F>(f)();
    }
    /// The value in place. Throws std::logic_error outside of a scope of this key.
    [[nodiscard]] const T& get(std::source_location where = std::source_location::current()) const {
        const T* found = try_get();
        if (found == nullptr) { detail::throw_no_local_value(where); }
        return *found;
    }
    /// The value in place, or null.
    [[nodiscard]] const T* try_get() const noexcept {
        return static_cast<const T*>(detail::find_local(this));
    }

private:
    template <class R>
    static task<R> scoped(const task_local* key, T value, task<R> inner) {
        const detail::local_scope in_place(key, &value);
        // Ended before the scope: its frame is part of this full expression.
        co_return co_await std::move(inner);
    }
};

}  // namespace edo
