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
#include <edo/coro/detail/pool.hpp>
#include <edo/coro/detail/state.hpp>

#include <coroutine>
#include <cstdint>
#include <memory>
#include <source_location>
#include <string>

namespace edo::detail {

class branch;
class cell;
class cell_base;
class fork_cell;
class fork_child;
class local_core;
class place;
class task_owner;
struct local_value;

/// Where claimed cells go.
class scheduler {
public:
    /// Schedules the tasks of `owner`; null: those of nobody, as the future of a block_on.
    explicit scheduler(task_owner* owner = nullptr) noexcept : tasks_owner(owner) {}
    /// Queues a cell that the caller has claimed. From any thread. The cell may have run and died
    /// when this returns.
    virtual void schedule(cell_base& cell) noexcept = 0;
    /// Comes once, before the cell parks for the first time: so that it is found when all are to be
    /// dropped. False: that cannot be done here, it has to be queued again.
    virtual inline bool keep(cell_base& cell) noexcept;

    task_owner* const tasks_owner;

protected:
    ~scheduler() = default;
};

/// The face of a branch that primitives see.
class suspension {
public:
    suspension(const suspension&) = delete;
    suspension& operator=(const suspension&) = delete;
    [[nodiscard]] inline cell_base& owner() const noexcept;

    std::coroutine_handle<> point;  ///< the innermost coroutine, suspended; null before the start
    const bool is_child;            ///< a child_branch; else the root, which is the cell itself

protected:
    explicit suspension(bool child) noexcept : is_child(child) {}
    ~suspension() = default;
};

/// The duty to enqueue a task that was claimed. Call enqueue() after leaving the latch; nothing of
/// the leaf may be touched in between.
class [[nodiscard("call enqueue() after the latch")]] claimed {
public:
    claimed() noexcept = default;
    explicit claimed(cell_base* cell) noexcept : cell_(cell) {}
    /// False: somebody else has that duty, or nobody.
    [[nodiscard]] explicit operator bool() const noexcept { return cell_ != nullptr; }
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
    /// `child` has run to its end; no frame is left.
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
    friend void add_fork_pin(pin&, branch&) noexcept;
    friend void remove_pin(pin&) noexcept;
    branch* at_ = nullptr;
};

/// What a branch waits on, if that is not a droppable leaf.
struct wait_state {
    handler* on = nullptr;   ///< what `point` waits on
    std::uint32_t pins = 0;  ///< pins on this branch and the branches below it
};

/// One line of control inside a task.
class branch : public suspension {
public:
    /// Null for a droppable leaf.
    [[nodiscard]] handler* waits_on() const noexcept {
        const wait_state* mine = waits();
        return mine != nullptr ? mine->on : nullptr;
    }
    /// Only in a cell with a side block.
    void wait_on(handler* what) noexcept { waits()->on = what; }
    /// Where that is: null where it was never needed.
    [[nodiscard]] inline wait_state* waits() const noexcept;

    bool dying : 1 = false;          ///< its destruction was asked for and waits for pins
    bool done : 1 = false;           ///< its outermost coroutine has ended
    bool unconstrained : 1 = false;  ///< spends no budget

protected:
    using suspension::suspension;
    ~branch() = default;
};

/// A branch that a group started; it lies in the group, which what awaits it keeps where it is.
class child_branch final : public branch {
public:
    /// A branch that begins with `first`, and sees what its parent sees.
    EDO_API child_branch(branch& parent_branch, handler& group_of_parent,
                         std::coroutine_handle<> first) noexcept;
    child_branch* next = nullptr;         ///< link in the stack or the queue of woken branches
    cell_base* const cell;                ///< the task that it belongs to
    branch* parent;                       ///< the branch that waits on the group; null: none does
    handler* group;                       ///< who is told of the end
    const local_value* locals = nullptr;  ///< task-locals (the root's are in its side block)
    local_core* set = nullptr;            ///< the local_set that it runs in
    mutable wait_state own_waits;         ///< (the root's is in its side block)
};

/// What must not outlive the task that it belongs to.
class task_bound : public list_link {
public:
    /// The task's code has ended or was dropped; its cell is about to end.
    virtual void task_ends() noexcept = 0;

protected:
    ~task_bound() = default;
};

/// What few tasks need; made when first needed, from the allocator: a task that joins makes one.
struct side_block : pooled {
    side_block() noexcept {}                // else it would be zeroed before
    intrusive_fifo<child_branch> ready;     ///< woken branches, to be run in this turn
    intrusive_fifo<child_branch> deferred;  ///< branches that yielded: ready in the next turn
    intrusive_list<pin> pins;               ///< every pin of the task
    wait_state waits;                       ///< of the root branch
    intrusive_list<task_bound> bound;       ///< generators that are under way
    bool has_waited_to_drop = false;        ///< a branch of this task was dying, perhaps is
    const local_value* locals = nullptr;    ///< task-locals of the root branch
    place* listed_by = nullptr;             ///< of a bound task: see executor::keep()
    std::source_location spawned_at;        ///< kept here instead of in the cell
    std::string name;                       ///< the name that a task_builder gave
    std::shared_ptr<const void> keep;       ///< what must live as long as the task's result
};

/// How a task ended.
enum class task_outcome : std::uint8_t { pending, value, exception, cancelled };

/// The part of a task that scheduling needs; it is its own root branch. Millions of them sleep, so
/// what is small shares words, and what few need lies in the side block.
class cell_base : public branch {
public:
    explicit cell_base(scheduler& home_scheduler, std::source_location where = {}) noexcept
        : branch(false), home(&home_scheduler), spawned_at_(where) {}
    cell_base(const cell_base&) = delete;
    cell_base& operator=(const cell_base&) = delete;

    /// First turn: makes the frame and stores it in `point`, or reports the failure and returns
    /// false: then the task has ended.
    virtual bool begin() noexcept = 0;
    /// The root branch has ended or was dropped; no frame is left. The owner gives the cell up; it may
    /// be freed inside.
    virtual void finish(bool dropped) noexcept = 0;
    /// The task that this is, null for the future of a block_on.
    [[nodiscard]] virtual const cell* as_cell() const noexcept { return nullptr; }

    [[nodiscard]] branch& root() noexcept { return *this; }
    /// The side block; null if there is none.
    [[nodiscard]] side_block* side() const noexcept { return has_side_ ? side_ : nullptr; }
    /// The task-locals of the root.
    [[nodiscard]] const local_value* locals() const noexcept {
        return has_side_ ? side_->locals : is_fork ? inherited_ : nullptr;
    }
    /// The side block, made now if there is none. Throws std::bad_alloc.
    side_block& side_or_make() {
        if (!has_side_) {
            auto made = std::make_unique<side_block>();
            if (is_fork) {
                made->locals = inherited_;
            } else {
                made->spawned_at = spawned_at_;
            }
            side_ = made.release();
            has_side_ = true;
        }
        return *side_;
    }
    /// Where it was spawned.
    [[nodiscard]] const std::source_location& spawned_at() const noexcept {
        return has_side_ ? side_->spawned_at : spawned_at_;
    }
    /// Not for the child of a fork.
    void set_spawned_at(const std::source_location& where) noexcept {
        (has_side_ ? side_->spawned_at : spawned_at_) = where;
    }

    [[nodiscard]] task_outcome outcome() const noexcept { return outcome_; }
    void set_outcome(task_outcome o) noexcept { outcome_ = o; }

    bool ended : 1 = false;          ///< the root branch is done or dropped
    bool yielded : 1 = false;        ///< ends this turn and goes to the back of the queue
    bool owes_budget : 1 = false;    ///< it yielded before an operation that was ready
    bool root_deferred : 1 = false;  ///< it was the root that yielded
    bool seen : 1 = true;            ///< WAKE as it was taken last; differs: the root is woken
    bool is_kept : 1 = false;        ///< see scheduler::keep()
    bool is_bound : 1 = false;       ///< it stays on its thread, see executor::bind()
    bool awaited_here : 1 = false;   ///< it runs inside the turn of the task that joins it

    // Below: constant while children of a fork run, who read them on other threads; hence not one memory
    // location with those above, which the owner writes meanwhile.
    bool : 0;
    bool counted : 1 = false;   ///< the cell's: its end is reported to the owner of its tasks
    bool is_local : 1 = false;  ///< the cell's: the `Send` rule does not apply to it
    bool is_fork : 1 = false;   ///< a fork_cell

private:
    bool has_side_ : 1 = false;
    task_outcome outcome_ : 2 = task_outcome::pending;

public:
    atomic<std::uint32_t> references{1};  ///< the cell's
    state_word state;
    scheduler* home;
    cell_base* next = nullptr;  ///< link in a queue

protected:
    /// The child of a fork; nobody lists it.
    cell_base() noexcept : branch(false), is_kept(true), is_fork(true), home(nullptr) {}
    /// Before its first turn: who schedules it, and its task-locals.
    void inherit(scheduler& from, const local_value* values) noexcept {
        home = &from;
        inherited_ = values;
    }
    ~cell_base() {
        if (has_side_) { free_side(); }
    }

private:
    EDO_API void free_side() noexcept;  // not inline: few tasks have one
    union {
        std::source_location spawned_at_;
        const local_value* inherited_;  ///< of a fork_cell
        side_block* side_;
    };
};

/// The child of a fork that could not end inside its parent: scheduled like a task, but with the identity
/// of the task that forks.
class EDO_API fork_cell final : public cell_base {
public:
    explicit fork_cell(fork_child& child_of_fork) noexcept : child(&child_of_fork) {}
    bool begin() noexcept override { return true; }
    void finish(bool dropped) noexcept override;
    [[nodiscard]] const cell* as_cell() const noexcept override;
    using cell_base::inherit;

    fork_child* const child;
    wait_state own_waits;
};

inline cell_base& suspension::owner() const noexcept {
    auto& self = const_cast<suspension&>(*this);
    return is_child ? *static_cast<child_branch&>(self).cell : static_cast<cell_base&>(self);
}

inline wait_state* branch::waits() const noexcept {
    if (is_child) { return &static_cast<const child_branch*>(this)->own_waits; }
    if (owner().is_fork) { return &static_cast<fork_cell&>(owner()).own_waits; }
    side_block* side = owner().side();
    return side != nullptr ? &side->waits : nullptr;
}

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

/// std::logic_error: somebody waits already where one may wait at a time.
[[noreturn]] EDO_API void throw_awaited_already();

/// Tasks and branches that run inside what awaits them, one in the other, before the next one has to
/// take the way through a queue: it bounds the stack.
inline constexpr std::uint32_t depth_limit = 16;

/// How a turn of a task ended; ended_here: inside the await of who joins it, by complete_here().
enum class turn { parked, yielded, ended, ended_here };

/// Runs a cell that the caller owns until it parks, yields or ends. After `parked` and `ended` the
/// caller must not touch it; after `yielded` the caller still owns it and queues it again. A turn has
/// a budget of its own, or goes on with what the turn before it on this thread has left.
EDO_API turn drive(cell_base& cell, bool fresh_budget = true) noexcept;

/// The same inside the turn of another cell on this thread, and with its budget.
EDO_API turn drive_inside(cell_base& cell) noexcept;

/// Lets the root or a child branch run in this turn, after those that are ready already. Owner only.
EDO_API void make_ready(branch& b) noexcept;
/// The branch that runs yields: it is ready again in the next turn. Owner only.
EDO_API void defer(branch& b) noexcept;
/// What a group calls when it is woken and complete: resumes the branch that waits on it, unless
/// that is being dropped. Owner only.
EDO_API void go_on(branch& b) noexcept;
/// Destroys the frames of a branch as soon as no pin is left below it, then tells its group.
EDO_API void drop(branch& b) noexcept;
/// Counts a pin on a branch and its ancestors. Throws std::bad_alloc, unless the cell has a side block.
/// Owner only.
EDO_API void add_pin(pin& p, branch& b);
/// The same, and it cannot fail: for a cell with a side block, or the root of a fork_cell without one,
/// whose only pin this is.
EDO_API void add_fork_pin(pin& p, branch& b) noexcept;
/// Takes the pin away. Owner only.
EDO_API void remove_pin(pin& p) noexcept;
/// Counts pins that are there already on a branch and its ancestors. Owner only.
EDO_API void count_pins(branch& b, std::uint32_t pins) noexcept;
/// Whether the branch, or one above it, is to be destroyed and waits for pins. Owner only.
[[nodiscard]] EDO_API bool is_dying(branch& b) noexcept;
/// What a pin calls when it is woken: goes on, or lets a dying ancestor be destroyed.
EDO_API void pin_completed(pin& p, branch& b) noexcept;
/// The task-locals of a branch. Owner only; set may throw std::bad_alloc.
EDO_API const local_value* locals_of(const branch& b) noexcept;
EDO_API void set_locals(branch& b, const local_value* locals);

}  // namespace edo::detail
