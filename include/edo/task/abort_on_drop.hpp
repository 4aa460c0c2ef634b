/// A handle whose task does not outlive it.
#pragma once

#include <edo/task/join_handle.hpp>

#include <utility>

namespace edo {

/// A join_handle that aborts its task when it is destroyed.
///
/// Ownership      move-only; owns the right to join.
/// Cancel safety  `co_await` of an lvalue borrows: dropped, the task goes on until this is destroyed.
/// Thread safety  one thread at a time.
/// Source         tokio_util::task::AbortOnDropHandle.
template <class T>
class [[nodiscard("the task is aborted at once if this is not kept")]] abort_on_drop {
public:
    /// Takes the right to join.
    explicit abort_on_drop(join_handle<T> handle) noexcept : handle_(std::move(handle)) {}
    /// Takes the task of the other, which refers to none afterwards.
    abort_on_drop(abort_on_drop&& other) noexcept = default;
    /// Aborts its own task, and takes that of the other.
    abort_on_drop& operator=(abort_on_drop&& other) noexcept {
        abort_on_drop moved(std::move(other));
        std::swap(handle_, moved.handle_);
        return *this;
    }
    ~abort_on_drop() { handle_.abort(); }

    /// Awaits the task as its join_handle does.
    auto operator co_await() & { return handle_.operator co_await(); }
    /// `co_await h.join()` gives std::expected<T, join_error>.
    [[nodiscard("co_await it")]] auto join() & { return handle_.join(); }
    /// Gives the handle back; nothing is aborted then.
    [[nodiscard]] join_handle<T> detach() noexcept { return std::move(handle_); }
    /// Asks for the end of the task now.
    void abort() const noexcept { handle_.abort(); }
    /// Whether the task has ended.
    [[nodiscard]] bool is_finished() const noexcept { return handle_.is_finished(); }
    /// A copyable handle that can only abort.
    [[nodiscard]] edo::abort_handle abort_handle() const noexcept { return handle_.abort_handle(); }
    /// The task. Throws std::logic_error if this refers to none.
    [[nodiscard]] task_id id() const { return handle_.id(); }

private:
    join_handle<T> handle_;
};

template <class T>
/// The object.
abort_on_drop(join_handle<T>) -> abort_on_drop<T>;

/// It may change threads if the result may.
template <class T>
inline constexpr bool enable_sendable<abort_on_drop<T>> = sendable<T>;
/// It owns its part of the task.
template <class T>
inline constexpr bool enable_owning<abort_on_drop<T>> = true;

}  // namespace edo
