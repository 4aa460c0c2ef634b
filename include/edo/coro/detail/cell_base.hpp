/// What is scheduled: a cell with its root branch, and the branches that run inside it.
///
/// A *branch* is one line of control inside a task: the root, or one that `timeout`, `run_until`, …
/// started. It is suspended at one point, on one leaf. A leaf that suspends hands a `suspension*`
/// (the branch) to a primitive; the primitive wakes it by `claim()` inside its latch and
/// `enqueue()` after it, and holds no reference to the task (docs/task_lifecycle.md).
///
/// Who may touch what: `state` anybody who has a reference or is inside the latch of a leaf; all
/// other fields only the owner of the cell (the one thread that has OWNED).
#pragma once

#include <edo/base/detail/intrusive_list.hpp>
#include <edo/coro/detail/state.hpp>

#include <coroutine>
#include <cstdint>
#include <memory>
#include <string>

namespace edo::detail {

class branch;
class cell;
class cell_base;
class local_core;
struct local_value;

/// Where claimed cells go.
class scheduler {
public:
    /// Queues a cell that the caller has claimed. From any thread. The cell may have run and died
    /// when this returns.
    virtual void schedule(cell_base& cell) noexcept = 0;
    /// Comes once, before the cell parks for the first time: so that it is found when all are to be
    /// dropped. False: that cannot be done here, it has to be queued again.
    virtual inline bool keep(cell_base& cell) noexcept;

protected:
    ~scheduler() = default;
};

/// The face of a branch that primitives see.
class suspension {
public:
    explicit suspension(cell_base& owner) noexcept : owner_(&owner) {}
    suspension(const suspension&) = delete;
    suspension& operator=(const suspension&) = delete;
    [[nodiscard]] cell_base& owner() const noexcept { return *owner_; }

private:
    cell_base* owner_;
};

/// The duty to enqueue a task that was claimed. Call enqueue() after leaving the latch; nothing of
/// the leaf may be touched in between.
class [[nodiscard("call enqueue() after the latch")]] claimed {
public:
    claimed() noexcept = default;
    explicit claimed(cell_base* cell) noexcept : cell_(cell) {}
    inline void enqueue() const noexcept;

private:
    cell_base* cell_ = nullptr;
};

/// What a branch waits on when that is more than a leaf that can be dropped at once: a group of
/// branches, or a pin.
class handler {
public:
    /// A wake arrived for `waiting`, the branch that is suspended on this handler.
    virtual void woken(branch& waiting) noexcept = 0;
    /// A group's newest living child branch, null for none. Used when the group is dropped.
    virtual child_branch* last_child() noexcept { return nullptr; }
    /// The frames of `child` are gone because the whole group is being dropped.
    virtual void forget(child_branch& child) noexcept { static_cast<void>(child); }
    /// `child` has run to its end; its outermost frame is still there.
    virtual void child_ended(child_branch& child) noexcept { static_cast<void>(child); }
    /// drop(child), which this group asked for, is complete: its frames are gone.
    virtual void child_dropped(child_branch& child) noexcept { static_cast<void>(child); }

protected:
    handler() noexcept = default;
    ~handler() = default;
};

/// A leaf that cannot be dropped at once. Its branch is destroyed only after it has completed.
class pin : public handler, public list_link {
public:
    /// Asks the operation to end soon. May come more than once and may race with completion.
    virtual void cancel() noexcept = 0;
    /// The branch that waits on it.
    [[nodiscard]] branch& at() const noexcept { return *at_; }

protected:
    friend void add_pin(pin&, branch&);
    friend void remove_pin(pin&) noexcept;
    branch* at_ = nullptr;
};

/// One line of control inside a task.
class branch : public suspension {
public:
    using suspension::suspension;
    std::coroutine_handle<> point;  ///< the innermost coroutine, suspended; null before the start
    handler* waiting = nullptr;     ///< what `point` waits on, if it is not a droppable leaf
    std::uint32_t pins = 0;         ///< pins on this branch and the branches below it
    bool dying = false;             ///< its destruction was asked for and waits for pins
    bool done = false;              ///< its outermost coroutine has ended
    bool is_child = false;          ///< a child_branch
    bool unconstrained = false;     ///< spends no budget
};

/// A branch that a group started; it lies in the group's awaiter, in the frame of the parent.
class child_branch : public branch {
public:
    /// A branch that begins with `first`, and sees what its parent sees.
    EDO_API child_branch(branch& parent_branch, handler& group_of_parent,
                         std::coroutine_handle<> first) noexcept;
    child_branch* next = nullptr;         ///< link in the stack or the queue of woken branches
    branch* parent;                       ///< the branch that waits on the group
    handler* group;                       ///< who is told of the end
    const local_value* locals = nullptr;  ///< task-locals (the root's are in its side block)
    local_core* set = nullptr;            ///< the local_set that it runs in
};

/// What few tasks need; made when first needed.
struct side_block {
    intrusive_fifo<child_branch> ready;     ///< woken branches, to be run in this turn
    intrusive_fifo<child_branch> deferred;  ///< branches that yielded: ready in the next turn
    intrusive_list<pin> pins;               ///< every pin of the task
    const local_value* locals = nullptr;    ///< task-locals of the root branch
    std::string name;                       ///< the name that a task_builder gave
    std::shared_ptr<const void> keep;       ///< what must live as long as the task's result
};

/// The part of a task that scheduling needs.
class cell_base {
public:
    explicit cell_base(scheduler& home_scheduler) noexcept : root(*this), home(&home_scheduler) {}
    cell_base(const cell_base&) = delete;
    cell_base& operator=(const cell_base&) = delete;

    /// First turn: makes the frame and stores it in `root.point`, or reports the failure and
    /// returns false: then the task has ended.
    virtual bool begin() noexcept = 0;
    /// The root branch has ended (its outermost frame still exists) or was dropped (no frame
    /// exists). The owner gives the cell up; it may be freed inside.
    virtual void finish(bool dropped) noexcept = 0;
    /// The task that this is, null for the future of a block_on.
    [[nodiscard]] virtual const cell* as_cell() const noexcept { return nullptr; }

    /// The side block, made now if there is none. Throws std::bad_alloc.
    side_block& side_or_make() {
        if (!side) { side = std::make_unique<side_block>(); }
        return *side;
    }

    branch root;
    state_word state;
    scheduler* home;
    cell_base* next = nullptr;  ///< link in a queue
    std::unique_ptr<side_block> side;
    state_word::value seen =
        state_word::wake;        ///< the WAKE value taken last; differs: root is woken
    bool ended = false;          ///< the root branch is done or dropped
    bool yielded = false;        ///< ends this turn and goes to the back of the queue
    bool owes_budget = false;    ///< it yielded before an operation that was ready
    bool root_deferred = false;  ///< it was the root that yielded
    bool is_kept = false;        ///< see scheduler::keep()
    bool awaited_here = false;   ///< it runs inside the turn of the task that joins it

protected:
    ~cell_base() = default;
};

inline bool scheduler::keep(cell_base& cell) noexcept {
    cell.is_kept = true;
    return true;
}

inline void claimed::enqueue() const noexcept {
    if (cell_ != nullptr) { cell_->home->schedule(*cell_); }
}

inline bool state_word::wake_branch(child_branch& branch) noexcept {
    return claim([&](value v) {
        branch.next = reinterpret_cast<child_branch*>(v & ~flags);
        return reinterpret_cast<value>(&branch) | (v & flags) | owned;
    });
}

/// Marks a suspended branch as woken. Call it inside the leaf's latch, at most once for each
/// suspension, and enqueue() the result after leaving the latch.
inline claimed claim(suspension& s) noexcept {
    auto& woken = static_cast<branch&>(s);
    cell_base& cell = s.owner();
    const bool mine = woken.is_child ? cell.state.wake_branch(static_cast<child_branch&>(woken))
                                     : cell.state.wake_root();
    return claimed(mine ? &cell : nullptr);
}

/// Tasks and branches that run inside what awaits them, one in the other, before the next one has to
/// take the way through a queue: it bounds the stack.
inline constexpr std::uint32_t depth_limit = 16;

/// How a turn of a task ended.
enum class turn { parked, yielded, ended };

/// Runs a cell that the caller owns until it parks, yields or ends. After `parked` and `ended` the
/// caller must not touch it; after `yielded` the caller still owns it and queues it again. A turn has
/// a budget of its own, or goes on with what the turn before it on this thread has left.
EDO_API turn drive(cell_base& cell, bool fresh_budget = true) noexcept;

/// The same inside the turn of another cell on this thread, and with its budget.
EDO_API turn drive_inside(cell_base& cell) noexcept;

/// Lets the root or a child branch run in this turn, after those that are ready already. Owner only.
EDO_API void make_ready(branch& b) noexcept;
/// Runs a new branch for the first time, inside the branch that is about to be suspended on its
/// group. True: it has ended, and its group is not told. False: it will go on by itself.
EDO_API bool start_inside(child_branch& b) noexcept;
/// The branch that runs yields: it is ready again in the next turn. Owner only.
EDO_API void defer(branch& b) noexcept;
/// What a group calls when it is woken and complete: resumes the branch that waits on it, unless
/// that is being dropped. Owner only.
EDO_API void go_on(branch& b) noexcept;
/// Destroys the frames of a branch as soon as no pin is left below it, then tells its group.
EDO_API void drop(branch& b) noexcept;
/// Counts a pin on a branch and its ancestors. Throws std::bad_alloc. Owner only.
EDO_API void add_pin(pin& p, branch& b);
/// Takes the pin away. Owner only.
EDO_API void remove_pin(pin& p) noexcept;
/// What a pin calls when it is woken: goes on, or lets a dying ancestor be destroyed.
EDO_API void pin_completed(pin& p, branch& b) noexcept;
/// The task-locals of a branch. Owner only; set may throw std::bad_alloc.
EDO_API const local_value* locals_of(const branch& b) noexcept;
EDO_API void set_locals(branch& b, const local_value* locals);

}  // namespace edo::detail
