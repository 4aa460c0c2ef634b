/// The children of a fork: what runs inside its parent, and becomes a cell of its own only if it has to.
#pragma once

#include <edo/coro/detail/cell_base.hpp>
#include <edo/coro/detail/context.hpp>
#include <edo/coro/detail/sink.hpp>

namespace edo::detail {

/// The parent's side of a fork, as its children see it. It is a pin: a parent that is dropped waits for
/// them.
class fork_parent : public pin {
public:
    /// A child that had become a cell is over, and its frame is gone. The child's last access.
    virtual void leave(fork_child& child) noexcept = 0;
    /// Who forks; constant once children run.
    [[nodiscard]] branch_ref enclosing() const noexcept { return enclosing_; }

protected:
    friend class fork_child;
    friend const cell* task_of(const fork_parent& fork) noexcept;
    fork_parent() noexcept {}
    ~fork_parent() = default;

    branch_ref enclosing_;
    // What children share with their parent. Where that is itself a child that runs inside its parent this is
    // not set: the fork further out has it. Nobody asks the parent's cell, which another thread may run.
    scheduler* home_;
    const cell* task_;
    const local_value* locals_;
    bool unconstrained_;
    bool is_in_fork_;  ///< the parent's cell is one of a fork's child

private:
    [[nodiscard]] const fork_parent& outermost() const noexcept;
};
/// The task that a fork is part of, null for the future of a block_on.
[[nodiscard]] EDO_API const cell* task_of(const fork_parent& fork) noexcept;

/// A child of a fork. Mostly it is run inside its parent and never more than this. Whoever holds it (the
/// parent's thread, or who took it out of a deque) makes it a cell when it suspends, or is queued.
///
///     stage = is a cell | is to end
///
/// One word, so that an abort reaches it on either side of that step.
class fork_child {
public:
    fork_child() noexcept {}
    fork_child(const fork_child&) = delete;
    fork_child& operator=(const fork_child&) = delete;
    ~fork_child() {
        if (is_cell()) { cell_.~fork_cell(); }
    }
    /// Before it is run or offered.
    void belongs_to(fork_parent& fork, sink_base& sink) noexcept {
        in = &fork;
        result = &sink;
    }
    /// Holder.
    [[nodiscard]] bool is_cell() const noexcept { return (stage_.load(relaxed) & cell_bit) != 0; }
    [[nodiscard]] fork_cell& cell() noexcept { return cell_; }
    /// Holder, of one that has not been started: it will be resumed at its beginning.
    EDO_API fork_cell& become_queued() noexcept;
    /// Its own code: it can be suspended from now on.
    EDO_API fork_cell& become_branch() noexcept;
    /// Any thread, while the fork is open: it ends when it suspends next, or does not start.
    EDO_API void abort() noexcept;
    /// Whether abort() was called.
    [[nodiscard]] bool is_abort_requested() const noexcept {
        return (stage_.load(relaxed) & abort_bit) != 0;
    }
    /// Holder: nothing has happened to it.
    [[nodiscard]] bool is_untouched() const noexcept { return stage_.load(relaxed) == 0; }

    fork_parent* in;
    sink_base* result;  ///< owns its frame

private:
    static constexpr std::uint32_t cell_bit = 1, abort_bit = 2;
    void make_cell(bool is_running) noexcept;
    atomic<std::uint32_t> stage_{0};
    union {
        fork_cell cell_;
    };
};

/// The child that runs on this thread becomes a branch.
EDO_API void become_branch(context& cx) noexcept;
/// The branch whose code runs on this thread; made now, if it had none.
inline branch& current_branch(context& cx) noexcept {
    if (!cx.current.is_branch()) { become_branch(cx); }
    return cx.current.as_branch();
}
/// The nearest branch around the code that runs on this thread. Null outside of tasks.
[[nodiscard]] EDO_API const branch* nearest_branch(const context& cx) noexcept;
/// The task that runs on this thread, null for the future of a block_on. Only inside of one of the two.
[[nodiscard]] EDO_API const cell* running_task(const context& cx) noexcept;
/// Whether a fork between the code that runs on this thread and the beginning of its turn is to end.
[[nodiscard]] EDO_API bool must_unwind(const context& cx) noexcept;

/// What a child that runs inside its parent must leave as it was.
struct parents_context {
    branch_ref current;
    std::uint32_t enter_depth;
    std::uint32_t budget;
};
/// Comes after the child's first steps there, if it was suspended or transferred to another coroutine: runs
/// what it transferred to, and gives the parent its budget back.
EDO_API void end_inside(context& cx, const parents_context& outer) noexcept;
/// A child of a fork that was resumed inside its parent has done more than to end. True: it has ended, and
/// nobody was told. False: it goes on by itself.
EDO_API bool settle(fork_child& child, const parents_context& outer) noexcept;

}  // namespace edo::detail
