/// Why a task has no result.
#pragma once

#include <edo/task/task_id.hpp>

#include <exception>
#include <expected>
#include <stdexcept>

namespace edo {

/// A task was aborted, or threw. As tokio::task::JoinError.
class EDO_API join_error : public std::exception {
public:
    /// The error of a task that was dropped before its end.
    static join_error cancelled(task_id id);
    /// The error of a task that ended with an exception (not null).
    static join_error failed(task_id id, std::exception_ptr exception);

    /// True: the task was aborted, or its runtime has shut down.
    [[nodiscard]] bool is_cancelled() const noexcept { return exception_ == nullptr; }
    /// True: the task threw.
    [[nodiscard]] bool is_exception() const noexcept { return exception_ != nullptr; }
    /// The exception of the task, null if it was cancelled.
    [[nodiscard]] std::exception_ptr exception() const noexcept { return exception_; }
    /// Throws the exception of the task, or this error if it was cancelled.
    [[noreturn]] void rethrow() const;
    /// The task.
    [[nodiscard]] task_id id() const noexcept { return id_; }
    /// "task 7 was cancelled" or "task 7 threw std::runtime_error: boom".
    [[nodiscard]] const char* what() const noexcept override { return text_.what(); }

private:
    join_error(task_id id, std::exception_ptr exception, const std::string& text)
        : id_(id), exception_(std::move(exception)), text_(text) {}
    task_id id_;
    std::exception_ptr exception_;
    std::runtime_error text_;  // shares its string: an exception's copy must not throw
};

/// The value of a joined task. Throws its original exception, or join_error if it was cancelled.
template <class T>
T unwrap(std::expected<T, join_error> result) {
    if (!result) { result.error().rethrow(); }
    if constexpr (!std::is_void_v<T>) { return std::move(*result); }
}

namespace detail {

/// "std::runtime_error: boom": type and what() of an exception.
EDO_API std::string describe(const std::exception_ptr& exception);

}  // namespace detail
}  // namespace edo
