/// Tasks that were claimed under a lock, to be enqueued after it.
#pragma once

#include <edo/coro/detail/cell_base.hpp>

#include <array>
#include <cstddef>

namespace edo::detail {

/// Lies on the stack of the waker; a lock is given up when it is full.
class wake_list {
public:
    wake_list() noexcept = default;
    wake_list(const wake_list&) = delete;
    wake_list& operator=(const wake_list&) = delete;

    [[nodiscard]] bool is_full() const noexcept { return size_ == tasks_.size(); }
    void push(claimed task) noexcept { tasks_[size_++] = task; }
    /// Enqueues all, in order. No lock is held.
    void enqueue() noexcept {
        for (std::size_t i = 0; i < size_; ++i) { tasks_[i].enqueue(); }
        size_ = 0;
    }

private:
    std::array<claimed, 32> tasks_;
    std::size_t size_ = 0;
};

}  // namespace edo::detail
