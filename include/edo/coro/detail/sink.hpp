/// Where a coroutine puts its result: a slot in whoever waits for it.
#pragma once

#include <coroutine>
#include <exception>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace edo::detail {

/// The part that does not depend on the type of the result. It owns the child's frame.
class sink_base {
public:
    sink_base() noexcept = default;
    explicit sink_base(std::coroutine_handle<> frame) noexcept : child(frame) {}
    sink_base(const sink_base&) = delete;
    sink_base& operator=(const sink_base&) = delete;
    ~sink_base() { destroy_child(); }

    /// Destroys the child's frame, if it is there: an awaited one that has ended, or one that was never
    /// started.
    void destroy_child() noexcept {
        if (child) { std::exchange(child, {}).destroy(); }
    }
    [[noreturn]] void rethrow() { std::rethrow_exception(std::exchange(error, nullptr)); }

    std::coroutine_handle<> child;
    std::exception_ptr error;
};

/// A slot for a T.
template <class T>
class sink : public sink_base {
public:
    sink() noexcept {}
    explicit sink(std::coroutine_handle<> frame) noexcept : sink_base(frame) {}
    ~sink() { clear(); }
    template <class U>
    void emplace(U&& value) {
        clear();  // a coroutine may return again from a handler after a destructor threw
        void* place = std::addressof(value_);
        if constexpr (std::is_arithmetic_v<T>) {
            ::new (place) T(static_cast<T>(value));  // `co_return 1;` is no narrowing to warn of
        } else {
            ::new (place) T(std::forward<U>(value));
        }
        engaged_ = true;
    }
    /// Moves the value out, or rethrows. The child's frame is destroyed first.
    T take() {
        destroy_child();
        if (error) { rethrow(); }
        return std::move(value_);
    }
    void clear() noexcept {
        if (std::exchange(engaged_, false)) { std::destroy_at(std::addressof(value_)); }
    }
    /// The value that is there, to look at and to take.
    [[nodiscard]] const T& peek() const noexcept { return value_; }
    [[nodiscard]] T&& value() noexcept { return std::move(value_); }

private:
    union {
        T value_;
    };
    bool engaged_ = false;
};

template <class T>
class sink<T&> : public sink_base {
public:
    using sink_base::sink_base;
    void emplace(T& value) noexcept { value_ = std::addressof(value); }
    T& take() {
        destroy_child();
        if (error) { rethrow(); }
        return *value_;
    }
    [[nodiscard]] T& value() const noexcept { return *value_; }

private:
    T* value_ = nullptr;
};

template <>
class sink<void> : public sink_base {
public:
    using sink_base::sink_base;
    void emplace() noexcept {}
    void take() {
        destroy_child();
        if (error) { rethrow(); }
    }
    void clear() noexcept {}
};

}  // namespace edo::detail
