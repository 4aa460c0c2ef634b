/// A fork whose children may run on other workers, and whose parent waits for all of them.
#pragma once

#include <edo/coro/detail/fork_lane.hpp>
#include <edo/task/detail/cell.hpp>

#include <span>

namespace edo::detail {

/// What does not depend on the types of the results.
///
/// The first child runs inside the parent, the others wait in the worker's deque, from which thieves take
/// them; what no thief took runs inside the parent, too. Mostly that is all: nothing was queued, nobody was
/// suspended, no child became more than a call. A child that suspends, or that a thief has, goes on as a
/// cell of its own, and the last one of them wakes the parent:
///
///     pending = children that told their end here are subtracted; those that the parent leaves are added
///
/// Until the parent has added them nobody resumes it. A child's last access is its subtraction.
///
/// A parent that is dropped aborts its children and waits for them. The first exception aborts the others,
/// too.
class EDO_API fork_core : public fork_parent {
public:
    void cancel() noexcept override;
    void woken(branch& waiting) noexcept override;
    void leave(fork_child& child) noexcept override;

protected:
    fork_core() noexcept {}
    fork_core(const fork_core&) = delete;
    fork_core& operator=(const fork_core&) = delete;
    ~fork_core() {
        if (course_ == course::special && held_ != nullptr) { held_->end_root_fork(); }
    }
    /// It ran, and all children ended inside of it with a value: their frames have freed themselves, none
    /// was a cell.
    [[nodiscard]] bool is_plain() const noexcept { return course_ == course::plain; }
    /// Runs the children, or hands them on. True: all have ended. Throws no_runtime_error, std::bad_alloc.
    /// There is one for two children, without loops, and one for any number.
    template <std::size_t Count>
    bool run(std::span<fork_child, Count> children);
    /// Suspends the parent until the last child has ended. False: it can go on.
    bool suspend(std::coroutine_handle<> waiter);
    /// Throws the exception that came first, if one came.
    void rethrow_first();

private:
    bool open(context& cx);
    static int queue(std::span<fork_child> children) noexcept;
    int leave_to(fork_lane& lane) noexcept;
    template <std::size_t Count>
    int run_here(context& cx, fork_lane& lane, std::span<fork_child, Count> children) noexcept;
    bool run_one(context& cx, fork_child& child) noexcept;
    bool settle_one(fork_child& child, const parents_context& outer) noexcept;
    void note_failure(fork_child& child) noexcept;

    enum class course : std::uint8_t { not_begun, plain, special };

    // Most forks come and go, so what only begins with run() is not initialised before.
    std::span<fork_child> children_;
    runtime_core* held_;  ///< of a parent that is no task
    int left_;            ///< children that had not ended when the parent had run what it could
    course course_ = course::not_begun;
    atomic<int> pending_{0};
    atomic<fork_child*> failed_{nullptr};  ///< whose exception came first
};

}  // namespace edo::detail
