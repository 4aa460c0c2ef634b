/// The right to join a task.
#pragma once

#include <edo/task/abort_handle.hpp>

namespace edo {
namespace detail {

enum class join_form { throwing, expected };

// Misuse of a handle.
[[noreturn]] EDO_API void throw_no_task();
[[noreturn]] EDO_API void throw_taken_already(task_id id);

template <class T, class Handle, join_form Form>
class join_leaf;

}  // namespace detail

/// A spawned task and the right to its result. As tokio::task::JoinHandle.
///
/// `co_await h` gives the value, or throws the task's exception, or join_error if it was aborted;
/// `co_await h.join()` gives std::expected and throws nothing for the task's failure.
///
/// Ownership      move-only. Dropping the handle detaches the task: it goes on, its result is
///                destroyed at its end, an exception goes to the unhandled_exception hook.
/// Cancel safety  `co_await h` on an lvalue borrows: dropped, h can be awaited again; completed, it
///                is consumed, and another await throws std::logic_error, as does a second one
///                at the same time. An rvalue is owned by the await: dropped, it detaches.
/// Thread safety  one thread at a time; abort() and is_finished() may race with the task.
template <class T>
class join_handle {
public:
    /// The type of the result.
    using value_type = T;

    /// Refers to no task.
    join_handle() noexcept = default;
    /// Takes what the other refers to, and leaves it empty.
    join_handle(join_handle&& other) noexcept
        : cell_(std::exchange(other.cell_, nullptr)), consumed_(other.consumed_) {}
    /// Gives up what it refers to, and takes that of the other.
    join_handle& operator=(join_handle&& other) noexcept {
        join_handle moved(std::move(other));
        std::swap(cell_, moved.cell_);
        std::swap(consumed_, moved.consumed_);
        return *this;
    }
    ~join_handle() { detach(); }

    /// Gives the task up; it goes on by itself.
    void detach() noexcept {
        auto* cell = std::exchange(cell_, nullptr);
        if (cell == nullptr) { return; }
        if (consumed_) {
            cell->release_reference();  // the task has ended, and nothing of its result is left
        } else {
            cell->detach_handle();
        }
    }
    /// Asks for the end of the task; see abort_handle::abort().
    void abort() const noexcept {
        if (cell_ != nullptr) { cell_->abort(); }
    }
    /// A copyable handle that can only abort.
    [[nodiscard]] edo::abort_handle abort_handle() const noexcept;
    /// Whether the task has ended.
    [[nodiscard]] bool is_finished() const noexcept {
        return cell_ == nullptr || cell_->join.is_done();
    }
    /// The task. Throws std::logic_error if this refers to none.
    [[nodiscard]] task_id id() const { return checked().id; }

    /// The awaiter of `co_await h`: borrows.
    auto operator co_await() & {
        return detail::join_leaf<T, join_handle*, detail::join_form::throwing>(this);
    }
    /// The awaiter of `co_await std::move(h)`: owns.
    auto operator co_await() && {
        return detail::join_leaf<T, join_handle, detail::join_form::throwing>(std::move(*this));
    }
    /// `co_await h.join()` gives std::expected<T, join_error>. Borrows.
    [[nodiscard("co_await it")]] auto join() & {
        return detail::join_leaf<T, join_handle*, detail::join_form::expected>(this);
    }
    /// The same; owns.
    [[nodiscard("co_await it")]] auto join() && {
        return detail::join_leaf<T, join_handle, detail::join_form::expected>(std::move(*this));
    }

private:
    friend struct detail::handle_access;
    explicit join_handle(detail::spawned<T>* cell) noexcept : cell_(cell) {}
    detail::spawned<T>& checked() const {
        if (cell_ == nullptr) { detail::throw_no_task(); }
        return *cell_;
    }
    detail::spawned<T>* cell_ = nullptr;
    bool consumed_ = false;
};

/// A handle may change threads if the result may.
template <class T>
inline constexpr bool enable_sendable<join_handle<T>> = sendable<T>;
/// A handle owns its part of the task.
template <class T>
inline constexpr bool enable_owning<join_handle<T>> = true;

namespace detail {

/// What the library may do with handles.
struct handle_access {
    template <class T>
    static join_handle<T> make(spawned<T>* cell) noexcept {
        return join_handle<T>(cell);
    }
    static abort_handle make_abort(cell* c) noexcept { return edo::abort_handle(c); }
    template <class T>
    static spawned<T>& cell_of(const join_handle<T>& handle) {
        return handle.checked();
    }
    template <class T>
    static bool& consumed(join_handle<T>& handle) noexcept {
        return handle.consumed_;
    }
};

/// Waits for the end of a task. Handle: join_handle<T> (owns) or join_handle<T>* (borrows).
template <class T, class Handle, join_form Form>
class join_leaf : public leaf<join_leaf<T, Handle, Form>>, public join_listener {
public:
    explicit join_leaf(Handle handle) noexcept : handle_(std::move(handle)) {}
    join_leaf(join_leaf&& other) noexcept : handle_(std::move(other.handle_)) {}
    ~join_leaf() { disarm(); }
    /// Nobody waits any more; it can be awaited again.
    void disarm() noexcept {
        if (waiter_ == nullptr) { return; }
        cell().join.unlisten(*this);  // waits until the waker has left the latch
        waiter_ = nullptr;
    }

    bool ready() {
        if (handle_access::consumed(handle())) { throw_taken_already(cell().id); }
        return cell().join.is_done();
    }
    bool arm(suspension& waiter, const context& cx) {
        runtime_core* here = cx.runtime;
        if (here != nullptr && here->run_awaited(cell(), waiter)) {
            // An abort that came meanwhile finds the waiter suspended here, as if it had waited.
            return waiter.owner().state.is_abort_requested();
        }
        waiter_ = &waiter;
        if (cell().join.listen(*this)) { return true; }
        waiter_ = nullptr;
        if (!cell().join.is_done()) { throw_awaited_already(); }
        return false;
    }
    claimed task_ended() noexcept override { return claim(*waiter_); }
    auto await_resume() {
        disarm();
        if (std::exchange(handle_access::consumed(handle()), true)) {
            throw_taken_already(cell().id);
        }
        if constexpr (Form == join_form::expected) {
            return cell().take_expected();
        } else {
            return cell().take();
        }
    }

private:
    join_handle<T>& handle() noexcept {
        if constexpr (std::is_pointer_v<Handle>) {
            return *handle_;
        } else {
            return handle_;
        }
    }
    spawned<T>& cell() { return handle_access::cell_of(handle()); }
    Handle handle_;
    suspension* waiter_ = nullptr;
};

}  // namespace detail

template <class T>
abort_handle join_handle<T>::abort_handle() const noexcept {
    return detail::handle_access::make_abort(cell_);
}

}  // namespace edo
