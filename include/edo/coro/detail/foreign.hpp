/// How a task awaits an awaitable of another library.
#pragma once

#include <edo/coro/detail/cell_base.hpp>
#include <edo/coro/detail/context.hpp>

#include <coroutine>
#include <type_traits>
#include <utility>

namespace edo::detail {

template <class A>
concept has_member_co_await = requires(A&& a) { static_cast<A&&>(a).operator co_await(); };
template <class A>
concept has_free_co_await = requires(A&& a) { operator co_await(static_cast<A&&>(a)); };

/// The awaiter of an awaitable: what operator co_await gives, else the object itself.
template <class A>
decltype(auto) get_awaiter(A&& a) {
    if constexpr (has_member_co_await<A>) {
        return std::forward<A>(a).operator co_await();
    } else if constexpr (has_free_co_await<A>) {
        return operator co_await(std::forward<A>(a));
    } else {
        return std::forward<A>(a);
    }
}

template <class A>
using awaiter_of = decltype(get_awaiter(std::declval<A>()));

/// The frame that another library sees instead of the task's: its resume() wakes the task, which
/// then goes on where its own scheduler places it, never on the foreign thread. Compilers lay out
/// every frame as the two pointers first (Itanium-like coroutine ABI of GCC and Clang).
struct foreign_frame {
    void (*resume)(foreign_frame*);
    void (*destroy)(foreign_frame*);
};

/// The pin of a task that waits for a foreign awaitable. Nothing but its completion ends the wait.
class foreign_wait : public foreign_frame, public pin {
public:
    EDO_API foreign_wait() noexcept;
    /// The handle that the foreign awaiter gets.
    [[nodiscard]] std::coroutine_handle<> handle() noexcept {
        return std::coroutine_handle<>::from_address(static_cast<foreign_frame*>(this));
    }
    EDO_API void woken(branch& waiting) noexcept final;
    void cancel() noexcept final {}

protected:
    /// Pins the current branch at `waiter`. Throws std::bad_alloc.
    EDO_API void begin(std::coroutine_handle<> waiter);
    /// The foreign awaiter did not suspend after all.
    EDO_API void end() noexcept;
    /// The foreign awaiter wants another coroutine to run: after this task has parked.
    EDO_API static void hand_over(std::coroutine_handle<> other) noexcept;
};

/// Awaits `A`, any type that follows the awaiter protocol of C++20.
template <class A>
class foreign_awaiter : public foreign_wait {
    using awaiter = awaiter_of<A>;
    static_assert(
        requires(std::remove_reference_t<awaiter>& a, std::coroutine_handle<> h) {
            static_cast<bool>(a.await_ready());
            a.await_suspend(h);
            a.await_resume();
        },
        "co_await in an edo::task: this is no awaitable. It needs await_ready(), await_suspend() that "
        "accepts std::coroutine_handle<>, and await_resume(), or an operator co_await that gives them");

public:
    explicit foreign_awaiter(A&& awaitable) : awaiter_(get_awaiter(std::forward<A>(awaitable))) {}
    bool await_ready() { return static_cast<bool>(awaiter_.await_ready()); }
    bool await_suspend(std::coroutine_handle<> waiter) {
        begin(waiter);
        try {
            if (suspends()) { return true; }
        } catch (...) {
            end();
            throw;
        }
        end();
        return false;
    }
    decltype(auto) await_resume() { return awaiter_.await_resume(); }

private:
    /// Whether the foreign await_suspend left the task suspended. Once it is called the task may be
    /// woken by any thread, but it stays owned by this worker until it is parked.
    bool suspends() {
        using result = decltype(awaiter_.await_suspend(handle()));
        if constexpr (std::is_void_v<result>) {
            awaiter_.await_suspend(handle());
            return true;
        } else if constexpr (std::is_convertible_v<result, std::coroutine_handle<>>) {
            const std::coroutine_handle<> other = awaiter_.await_suspend(handle());
            if (other == handle()) { return false; }
            hand_over(other);
            return true;
        } else {
            return awaiter_.await_suspend(handle());
        }
    }
    awaiter awaiter_;
};

}  // namespace edo::detail
