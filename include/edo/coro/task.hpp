/// The lazy coroutine that tasks are made of.
#pragma once

#include <edo/coro/detail/parameter_record.hpp>
#include <edo/coro/detail/promise.hpp>

namespace edo {
namespace detail {
struct task_access;
template <class T>
class task_promise;
}  // namespace detail

/// A coroutine that has not run yet. Nothing happens until it is awaited (`co_await f()`: it runs
/// inline, on the same task) or spawned.
///
/// T              void, a reference, or any movable type.
/// Ownership      move-only. Awaited and spawned as an rvalue only.
/// Destruction    a task that never started destroys its arguments, none of its body runs.
/// Cancel safety  a task that is dropped while suspended destroys its frames from the innermost
///                outwards; locals' destructors run, no exception is thrown through them.
/// Stack          a chain of any number of awaits uses a bounded stack, in every build.
/// Allocation     one frame, from a recycling allocator; the call throws std::bad_alloc.
/// Thread safety  none: one thread at a time.
template <class T>
class [[nodiscard("a task does nothing until it is awaited or spawned")]] task {
public:
    /// A task that was moved from; only assignment and destruction are allowed.
    task() noexcept = default;
    /// Takes the coroutine of `other`.
    task(task&& other) noexcept : promise_(std::exchange(other.promise_, nullptr)) {}
    /// Takes the coroutine of `other`; the own one is destroyed.
    task& operator=(task&& other) noexcept {
        task(std::move(other)).swap(*this);
        return *this;
    }
    /// Destroys the coroutine, if it was neither awaited nor spawned.
    ~task() {
        if (promise_ != nullptr) { detail::handle_of(*promise_).destroy(); }
    }
    /// Exchanges two tasks.
    void swap(task& other) noexcept { std::swap(promise_, other.promise_); }
    /// In a coroutine of another library this gives a compiler error that says what to do instead.
    auto operator co_await() && { return detail::task_awaiter<T>(std::move(*this)); }
    /// False after it was moved from, awaited or spawned.
    [[nodiscard]] explicit operator bool() const noexcept { return promise_ != nullptr; }

private:
    friend class detail::task_promise<T>;
    friend struct detail::task_access;
    explicit task(detail::promise_base& promise) noexcept : promise_(&promise) {}
    detail::promise_base* promise_ = nullptr;
};

namespace detail {

/// std::logic_error: there is nothing to run in a task, or a group of branches, that was moved from.
[[noreturn]] EDO_API void throw_empty_task();

/// What the library, not its users, may do with a task.
struct task_access {
    template <class T>
    static promise_base& release(task<T>&& t) {
        if (t.promise_ == nullptr) { throw_empty_task(); }
        return *std::exchange(t.promise_, nullptr);
    }
    template <class T>
    static promise_base* promise(const task<T>& t) noexcept {
        return t.promise_;
    }
};

template <class T>
class task_promise : public promise_base {
public:
    task<T> get_return_object(
        std::source_location where = std::source_location::current()) noexcept {
        record(where);
        return task<T>(*this);
    }
    template <class U = T>
        requires std::is_constructible_v<T, U>
    void return_value(U&& value) {
        static_cast<sink<T>&>(out()).emplace(std::forward<U>(value));
    }
};

template <class T>
class task_promise<T&> : public promise_base {
public:
    task<T&> get_return_object(
        std::source_location where = std::source_location::current()) noexcept {
        record(where);
        return task<T&>(*this);
    }
    void return_value(T& value) noexcept { static_cast<sink<T&>&>(out()).emplace(value); }
};

template <>
class task_promise<void> : public promise_base {
public:
    inline task<void> get_return_object(
        std::source_location where = std::source_location::current()) noexcept;
    void return_void() noexcept { static_cast<sink<void>&>(out()).emplace(); }
};

inline task<void> task_promise<void>::get_return_object(std::source_location where) noexcept {
    record(where);
    return task<void>(*this);
}

/// The promise of a coroutine with these parameters. The record is looked up in the constructor's
/// body, since the closure of a lambda may be incomplete where its body names the promise.
template <class T, class... Params>
class promise_for final : public task_promise<T> {
public:
    promise_for() noexcept { this->record(record_of<Params...>()); }
};

/// Makes a task the outermost coroutine of a branch: it is to be resumed at `out.child`, and its result
/// goes to `out`.
template <class T>
void connect(task<T>&& t, sink<T>& out) {
    promise_base& promise = task_access::release(std::move(t));
    promise.connect(nullptr, out);
    out.child = handle_of(promise);
}

/// Runs a child inline: the child's result goes into the awaiter.
template <class T>
class task_awaiter : private sink<T>, public leaf_base {
public:
    explicit task_awaiter(task<T>&& awaited)
        : sink<T>(handle_of(task_access::release(std::move(awaited)))) {}
    using leaf_base::await_suspend;
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    template <edo_promise Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> parent) noexcept {
        auto first = std::coroutine_handle<promise_base>::from_address(this->child.address());
        first.promise().connect(&parent.promise(), *this);
        return transfer(first);
    }
    T await_resume() { return this->take(); }
};

}  // namespace detail
}  // namespace edo

/// The promise type of every coroutine that returns edo::task: it sees the parameters' types.
template <class T, class... Params>
struct std::coroutine_traits<edo::task<T>, Params...> {
    using promise_type = edo::detail::promise_for<T, Params...>;
};
