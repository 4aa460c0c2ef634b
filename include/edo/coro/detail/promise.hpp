/// The promise of edo::task without the parts that depend on its result.
#pragma once

#include <edo/coro/detail/foreign.hpp>
#include <edo/coro/detail/leaf.hpp>
#include <edo/coro/detail/pool.hpp>
#include <edo/coro/detail/sink.hpp>
#include <edo/coro/detail/task_fwd.hpp>
#include <edo/coro/detail/transfer.hpp>

#include <source_location>

namespace edo::detail {

struct parameter_record;
/// The running branch has ended; its outermost coroutine, whose result is in `out`, frees its frame now.
EDO_API void end_branch(sink_base& out) noexcept;
/// Ends the program: a destructor threw while its frame was being dropped.
[[noreturn]] EDO_API void dropped_frame_threw() noexcept;
template <class T>
class task_awaiter;

/// Ends a coroutine: goes on with the one that awaits it. The outermost one of a branch runs off its end
/// instead, so that its frame frees itself, and returns to whoever resumed it.
struct final_awaiter {
    explicit final_awaiter(bool is_outermost) noexcept : is_over(is_outermost) {}
    [[nodiscard]] bool await_ready() const noexcept { return is_over; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> ended) const noexcept;
    void await_resume() const noexcept {}
    const bool is_over;
};

/// A coroutine's links: who awaits it, and where its result goes. Until it is connected (started)
/// the same two words keep what the `'static` and `Send` rules found out about its parameters.
class promise_base {
public:
    promise_base() noexcept : rule_(nullptr), where_() {}
    promise_base(const promise_base&) = delete;
    promise_base& operator=(const promise_base&) = delete;

    static void* operator new(std::size_t size) { return pool_allocate(size); }
    static void operator delete(void* frame, std::size_t size) noexcept { pool_free(frame, size); }

    [[nodiscard]] std::suspend_always initial_suspend() const noexcept { return {}; }
    [[nodiscard]] final_awaiter final_suspend() const noexcept {
        if (parent_ == nullptr) { end_branch(*out_); }
        return final_awaiter(parent_ == nullptr);
    }
    void unhandled_exception() noexcept { out().error = std::current_exception(); }

    /// Before the start: which parameter breaks a rule, null if none does.
    [[nodiscard]] const parameter_record* rule() const noexcept { return rule_; }
    void record(const parameter_record* rule) noexcept { rule_ = rule; }
    /// Before the start: the coroutine's name, and its first line (Clang) or last one (GCC).
    [[nodiscard]] const std::source_location& where() const noexcept { return where_; }
    void record(const std::source_location& where) noexcept { where_ = where; }

    /// Called once, before the first resume.
    void connect(promise_base* parent, sink_base& out) noexcept {
        parent_ = parent;
        out_ = &out;
    }
    /// Null for the outermost one of a branch.
    [[nodiscard]] promise_base* parent() const noexcept { return parent_; }
    /// The sink no longer owns the frame: it is about to be destroyed from outside.
    void disown() noexcept {
        out_->child = {};
        out_ = nullptr;
    }

    /// A task is awaited as an rvalue: the awaiter owns it.
    template <class U>
    task_awaiter<U> await_transform(task<U>&& child) const {
        return task_awaiter<U>(std::move(child));
    }
    template <class U>
    void await_transform(task<U>& child) const = delete;  // use co_await std::move(child)

    /// Leaves of the library and, as pins, awaitables of other libraries.
    template <class A>
    auto await_transform(A&& awaitable) const {
        using type = std::remove_reference_t<A>;
        if constexpr (std::derived_from<type, leaf_base>) {
            using reference = std::conditional_t<std::is_lvalue_reference_v<A>, borrowed_leaf<type>,
                                                 leaf_ref<type>>;
            return reference(awaitable);
        } else if constexpr (std::derived_from<std::remove_cvref_t<awaiter_of<A>>, leaf_base>) {
            return get_awaiter(std::forward<A>(awaitable));
        } else {
            return foreign_awaiter<A>(std::forward<A>(awaitable));
        }
    }

protected:
    /// Where the result goes. A frame that is being dropped has none: if it gets here, a destructor
    /// threw into it, which compilers hide from whoever destroys the frame.
    [[nodiscard]] sink_base& out() const noexcept {
        if (out_ == nullptr) { dropped_frame_threw(); }
        return *out_;
    }

private:
    union {
        promise_base* parent_;
        const parameter_record* rule_;
    };
    union {
        sink_base* out_;
        std::source_location where_;
    };
};

/// The handle of a promise. Every promise type of the library has promise_base as its first base
/// and its alignment, so the type of the handle does not matter.
inline std::coroutine_handle<promise_base> handle_of(promise_base& promise) noexcept {
    return std::coroutine_handle<promise_base>::from_promise(promise);
}

template <class Promise>
std::coroutine_handle<> final_awaiter::await_suspend(
    std::coroutine_handle<Promise> ended) const noexcept {
    return transfer(handle_of(*ended.promise().parent()));
}

}  // namespace edo::detail
