/// What a branch of join, select or timeout runs, and the slot for its result.
#pragma once

#include <edo/coro/detail/as_task.hpp>

#include <functional>
#include <memory>
#include <variant>

namespace edo::detail {

/// How results of several types stand together: `void` becomes std::monostate, `T&` a
/// std::reference_wrapper<T> (decision 16).
template <class T>
struct joined_value : std::type_identity<T> {};
template <>
struct joined_value<void> : std::type_identity<std::monostate> {};
template <class T>
struct joined_value<T&> : std::type_identity<std::reference_wrapper<T>> {};
template <class T>
using joined_value_t = typename joined_value<T>::type;

/// The head of a coroutine's frame, as GCC and Clang lay it out, with a promise of Edo behind it.
struct frame_head {
    void (*resume)(frame_head*);
    void (*destroy)(frame_head*);
    promise_base promise;
};

/// A branch that awaits `A` (an object that it owns, or a reference). It is what the coroutine
/// `[](A a) -> task<T> { co_return co_await std::forward<A>(a); }` would be, without memory of its own.
template <class A>
class branch_body : public sink<awaited_t<A>> {
    using result = awaited_t<A>;
    using awaiter =
        decltype(std::declval<const promise_base&>().await_transform(std::declval<A>()));

public:
    using result_type = result;
    explicit branch_body(A&& awaitable) { hold(static_cast<A&&>(awaitable)); }
    /// Takes over what `other` has not begun to await; nothing, if it has.
    branch_body(branch_body&& other) {
        if (!other.child) { return; }
        hold(static_cast<A&&>(other.awaitable_));
        other.destroy_child();
    }
    branch_body& operator=(const branch_body&) = delete;
    ~branch_body() { this->destroy_child(); }

private:
    enum class progress : unsigned char { none, awaits, done };
    struct frame : frame_head {
        explicit frame(branch_body& body)
            : frame_head{[](frame_head* f) { static_cast<frame*>(f)->owner->run(); },
                         [](frame_head* f) { static_cast<frame*>(f)->owner->end(); },
                         {}},
              owner(&body) {}
        branch_body* owner;
    };
    static_assert(sizeof(frame_head) == 2 * sizeof(void*) + sizeof(promise_base));

    void hold(A&& awaitable) {
        ::new (static_cast<void*>(std::addressof(awaitable_))) stored(static_cast<A&&>(awaitable));
        frame_.promise.connect(nullptr, *this);
        this->child = std::coroutine_handle<>::from_address(&frame_);
    }
    void run() noexcept {
        try {
            if (progress_ == progress::none) {
                ::new (static_cast<void*>(std::addressof(awaiter_)))
                    awaiter(frame_.promise.await_transform(static_cast<A&&>(awaitable_)));
                progress_ = progress::awaits;
                if (!awaiter_.await_ready() && suspends()) { return; }
            }
            take_result();
        } catch (...) { this->error = std::current_exception(); }
        end();
        end_branch(*this);
    }
    bool suspends() {
        return awaiter_.await_suspend(
            std::coroutine_handle<promise_base>::from_promise(frame_.promise));
    }
    void take_result() {
        if constexpr (std::is_void_v<result>) {
            awaiter_.await_resume();
            this->emplace();
        } else {
            this->emplace(awaiter_.await_resume());
        }
    }
    /// Destroys the awaiter, if there is one, and what was awaited, as a frame does with its parameters:
    /// a leaf that is taken over is its own awaiter, and nobody may wake a branch that was dropped.
    void end() noexcept {
        const progress before = std::exchange(progress_, progress::done);
        if (before == progress::awaits) {
            awaiter_.awaiter::~awaiter();  // qualified: it may have virtual functions
        }
        if (before != progress::done) { awaitable_.stored::~stored(); }
    }

    using stored = std::conditional_t<std::is_reference_v<A>,
                                      std::reference_wrapper<std::remove_reference_t<A>>, A>;
    frame frame_{*this};
    union {
        stored awaitable_;
    };
    union {
        awaiter awaiter_;
    };
    progress progress_ = progress::none;
};

/// A branch that runs a coroutine.
template <class T>
class branch_body<task<T>> : public sink<T> {
public:
    using result_type = T;
    explicit branch_body(task<T>&& t) { connect(std::move(t), *this); }
    /// Takes over a coroutine that has not begun.
    branch_body(branch_body&& other) noexcept : sink<T>(std::exchange(other.child, {})) {
        if (!this->child) { return; }  // an empty one, which is refused when it is to run
        auto frame = std::coroutine_handle<promise_base>::from_address(this->child.address());
        frame.promise().connect(nullptr, *this);
    }
};

template <class T>
class branch_body<task<T>&> {
    static_assert(
        std::is_void_v<branch_body*>,
        "a task is passed as an rvalue: call the coroutine here, or std::move() the task");
};

/// What is held of an argument `A&&`: rvalues by value, lvalues by reference.
template <class A>
using held_t = std::conditional_t<std::is_lvalue_reference_v<A>, A, std::remove_cvref_t<A>>;

/// The result of a body that has ended with a value, and whose frame is gone.
template <class T>
joined_value_t<T> joined_result([[maybe_unused]] sink<T>& body) {
    if constexpr (std::is_void_v<T>) {
        return {};
    } else {
        return joined_value_t<T>(body.value());
    }
}

/// The result of a body that has ended with a value, or its exception.
template <class T>
joined_value_t<T> take_joined(sink<T>& body) {
    if (body.error) { body.rethrow(); }
    return joined_result(body);
}

}  // namespace edo::detail
