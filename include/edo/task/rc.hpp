/// Reference counting without atomics, for tasks that stay on one thread.
#pragma once

#include <edo/base/config.hpp>
#include <edo/coro/owning.hpp>
#include <edo/coro/sendable.hpp>

#include <cstddef>
#include <memory>
#include <utility>

namespace edo {
namespace detail {

#if EDO_CHECKED
/// Who may touch an rc: the task, local set or thread that made it. Ends the program with a message
/// if another one does.
class rc_home {
public:
    EDO_API rc_home() noexcept;
    EDO_API void check() const noexcept;

private:
    const void* home_;
    bool is_task_;
};
#else
class rc_home {
public:
    void check() const noexcept {}
};
#endif

struct rc_counts {
    std::size_t strong = 1;
    std::size_t weak = 1;  // all strong ones together count as one
    [[no_unique_address]] rc_home home;
};

template <class T>
struct rc_block : rc_counts {
    rc_block() noexcept {}
    ~rc_block() {}
    union {
        T value;
    };
};

template <class T>
void rc_drop_weak(rc_block<T>* block) noexcept {
    if (--block->weak == 0) { delete block; }
}

}  // namespace detail

template <class T>
class weak_rc;

/// A shared object of one thread: Rust's Rc. Not sendable: `spawn` refuses it, `spawn_local` and
/// locals of a local task may hold it.
///
/// What is checked  parameters and results of tasks, at compile time. A local variable that lives
///                  across an await is invisible to C++; with EDO_CHECKED (default in Debug) the
///                  program stops with a message when an rc is touched by another task or thread.
/// Thread safety    none.
template <class T>
class rc {
public:
    /// Empty.
    rc() noexcept = default;
    /// Refers to the same.
    rc(const rc& other) noexcept : block_(other.block_) { acquire(); }
    /// Takes what the other refers to, and leaves it empty.
    rc(rc&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
    /// Gives up what it refers to, and takes that of the other.
    rc& operator=(rc other) noexcept {
        std::swap(block_, other.block_);
        return *this;
    }
    ~rc() {
        if (block_ == nullptr) { return; }
        block_->home.check();
        if (--block_->strong == 0) {
            std::destroy_at(&block_->value);
            detail::rc_drop_weak(block_);
        }
    }

    /// The object; the rc must not be empty.
    [[nodiscard]] T& operator*() const noexcept { return checked().value; }
    /// The object; the rc must not be empty.
    [[nodiscard]] T* operator->() const noexcept { return &checked().value; }
    /// The object, or null.
    [[nodiscard]] T* get() const noexcept { return block_ == nullptr ? nullptr : &checked().value; }
    /// Whether there is an object.
    [[nodiscard]] explicit operator bool() const noexcept { return block_ != nullptr; }
    /// How many rc share the object; 0 if empty.
    [[nodiscard]] std::size_t use_count() const noexcept {
        return block_ == nullptr ? 0 : checked().strong;
    }
    /// Whether both share one object.
    friend bool operator==(const rc& a, const rc& b) noexcept { return a.block_ == b.block_; }

private:
    template <class U, class... Args>
    friend rc<U> make_rc(Args&&... args);
    friend class weak_rc<T>;
    explicit rc(detail::rc_block<T>* block) noexcept : block_(block) {}
    detail::rc_block<T>& checked() const noexcept {
        block_->home.check();
        return *block_;
    }
    void acquire() noexcept {
        if (block_ != nullptr) { ++checked().strong; }
    }
    detail::rc_block<T>* block_ = nullptr;
};

/// An rc of a new T made from `args`. Throws what T's constructor throws, and std::bad_alloc.
template <class T, class... Args>
[[nodiscard]] rc<T> make_rc(Args&&... args) {
    auto block = std::make_unique<detail::rc_block<T>>();
    std::construct_at(&block->value, std::forward<Args>(args)...);
    return rc<T>(block.release());
}

/// A reference to an rc's object that does not keep it alive: Rust's rc::Weak.
template <class T>
class weak_rc {
public:
    /// Empty.
    weak_rc() noexcept = default;
    /// Refers to the object of `strong`.
    weak_rc(const rc<T>& strong) noexcept : block_(strong.block_) { acquire(); }
    /// Refers to the same.
    weak_rc(const weak_rc& other) noexcept : block_(other.block_) { acquire(); }
    /// Takes what the other refers to, and leaves it empty.
    weak_rc(weak_rc&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
    /// Gives up what it refers to, and takes that of the other.
    weak_rc& operator=(weak_rc other) noexcept {
        std::swap(block_, other.block_);
        return *this;
    }
    ~weak_rc() {
        if (block_ != nullptr) {
            block_->home.check();
            detail::rc_drop_weak(block_);
        }
    }
    /// An rc of the object, empty if it is gone.
    [[nodiscard]] rc<T> lock() const noexcept {
        if (block_ == nullptr) { return {}; }
        block_->home.check();
        if (block_->strong == 0) { return {}; }
        ++block_->strong;
        return rc<T>(block_);
    }

private:
    void acquire() noexcept {
        if (block_ != nullptr) {
            block_->home.check();
            ++block_->weak;
        }
    }
    detail::rc_block<T>* block_ = nullptr;
};

/// An rc stays on its thread.
template <class T>
inline constexpr bool enable_sendable<rc<T>> = false;
/// An rc owns its part of the object.
template <class T>
inline constexpr bool enable_owning<rc<T>> = owning<T>;
/// A weak_rc stays on its thread.
template <class T>
inline constexpr bool enable_sendable<weak_rc<T>> = false;
/// A weak_rc does not dangle.
template <class T>
inline constexpr bool enable_owning<weak_rc<T>> = owning<T>;

}  // namespace edo
