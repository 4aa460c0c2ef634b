/// The right to end a task, without the right to join it.
#pragma once

#include <edo/task/detail/cell.hpp>

namespace edo {
namespace detail {
struct handle_access;
}

/// Ends a task from anywhere. Copyable. As tokio::task::AbortHandle. It keeps the task's memory
/// (and a result that nobody has taken) alive.
///
/// Thread safety  all members from any thread; one object is not to be assigned meanwhile.
class abort_handle {
public:
    /// Refers to no task; every call does nothing.
    abort_handle() noexcept = default;
    /// Refers to the same.
    abort_handle(const abort_handle& other) noexcept : abort_handle(other.cell_) {}
    /// Takes what the other refers to, and leaves it empty.
    abort_handle(abort_handle&& other) noexcept : cell_(std::exchange(other.cell_, nullptr)) {}
    /// Gives up what it refers to, and takes that of the other.
    abort_handle& operator=(abort_handle other) noexcept {
        std::swap(cell_, other.cell_);
        return *this;
    }
    ~abort_handle() {
        if (cell_ != nullptr) { cell_->release_reference(); }
    }

    /// Asks for the end of the task: it is dropped at its next suspension point, at once if it is
    /// suspended, before its body if it never ran. A task that has ended stays as it is. Returns
    /// without waiting; any number of times.
    void abort() const noexcept {
        if (cell_ != nullptr) { cell_->abort(); }
    }
    /// Whether the task has ended. False for a moment after abort().
    [[nodiscard]] bool is_finished() const noexcept {
        return cell_ == nullptr || cell_->join.is_done();
    }
    /// The task. Throws std::logic_error if this refers to none.
    [[nodiscard]] task_id id() const {
        if (cell_ == nullptr) { throw std::logic_error("edo: id() of an empty abort_handle"); }
        return cell_->id;
    }

private:
    friend struct detail::handle_access;
    explicit abort_handle(detail::cell* cell) noexcept : cell_(cell) {
        if (cell_ != nullptr) { cell_->add_reference(); }
    }
    detail::cell* cell_ = nullptr;
};

}  // namespace edo
