/// Any awaitable as a task.
#pragma once

#include <edo/coro/task.hpp>

namespace edo::detail {

template <class A>
inline constexpr bool is_a_task = false;
template <class T>
inline constexpr bool is_a_task<task<T>> = true;

template <class A>
struct awaited {};
template <class A>
    requires(!is_a_task<std::remove_cvref_t<A>> &&
             requires(std::remove_reference_t<awaiter_of<A>>& awaiter) { awaiter.await_resume(); })
struct awaited<A> {
    using type = decltype(std::declval<std::remove_reference_t<awaiter_of<A>>&>().await_resume());
};
template <class T>
struct awaited<task<T>> {
    using type = T;
};

/// What `co_await A` gives: by value, or an lvalue reference.
template <class A>
using awaited_t =
    std::conditional_t<std::is_lvalue_reference_v<typename awaited<A>::type>,
                       typename awaited<A>::type, std::remove_cvref_t<typename awaited<A>::type>>;

template <class T>
task<T> as_task(task<T>&& t) noexcept {
    return std::move(t);
}
/// Rvalues are owned by the new task's frame.
template <class A>
    requires(!std::is_lvalue_reference_v<A> && !is_a_task<A>)
task<awaited_t<A>> as_task(A&& awaitable) {
    return [](A owned) -> task<awaited_t<A>> {
        co_return co_await std::move(owned);
    }(std::forward<A>(awaitable));
}
/// Lvalues are borrowed; a task is none, it is awaited as an rvalue.
template <class A>
    requires(!is_a_task<A>)
task<awaited_t<A&>> as_task(A& awaitable) {
    return [](A& borrowed) -> task<awaited_t<A&>> { co_return co_await borrowed; }(awaitable);
}

template <class Task>
struct task_value;
template <class T>
struct task_value<task<T>> {
    using type = T;
};
/// The T of the task<T> that as_task(A) gives.
template <class A>
using as_task_value_t = typename task_value<decltype(as_task(std::declval<A>()))>::type;

}  // namespace edo::detail
