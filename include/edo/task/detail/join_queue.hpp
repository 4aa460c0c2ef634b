/// The tasks of a join_set, and those of them that have ended.
#pragma once

#include <edo/task/join_handle.hpp>

namespace edo::detail {

template <class T>
using non_void_t = std::conditional_t<std::is_void_v<T>, char, T>;

class join_queue;

/// The link of a task in its set; it lies in the task's cell, so a member costs no allocation.
class join_member_base : public join_listener, public list_link {
public:
    explicit join_member_base(cell& task) noexcept : task_(&task) {}
    [[nodiscard]] cell& task() const noexcept { return *task_; }
    EDO_API claimed task_ended() noexcept override;

protected:
    ~join_member_base() = default;

private:
    friend class join_queue;
    cell* task_;
    join_queue* queue_ = nullptr;
    join_member_base* next_ended_ = nullptr;
    bool listens_ = false;
};

/// A task that is a member of a set; see spawned_call for the role of the base.
template <class T>
class join_member : public spawned<T>, public join_member_base {
public:
    join_member(task_owner& owned_by, std::source_location where) noexcept
        : spawned<T>(owned_by, where), join_member_base(static_cast<cell&>(*this)) {}
};

/// `ended_` is a stack that the threads which end tasks push to, `waiter_` the latch of the leaf that
/// waits (EMPTY | suspension* | WAKING); all else belongs to the owner of the set. A member is in
/// `members_` until it is popped. Whoever pops it or gives it up first lets its pusher leave, so the
/// set outlives every pusher. Pusher and waiter follow Dekker's pattern: push, then look for a waiter;
/// register, then look for a push.
class EDO_API join_queue {
public:
    join_queue() noexcept = default;
    ~join_queue() { detach_all(); }
    join_queue(const join_queue&) = delete;
    join_queue& operator=(const join_queue&) = delete;

    /// Takes over the right to join a task that runs already.
    void add(join_member_base& member) noexcept;
    /// A member that has ended, in the order of the ends; the caller detaches it. Null: none has.
    [[nodiscard]] join_member_base* pop() noexcept;
    /// Whether pop() would give one.
    [[nodiscard]] bool has_ended() noexcept;
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    template <class F>
    void for_each(F f) noexcept {
        members_.for_each(f);
    }
    void detach_all() noexcept;

    /// For the leaf that waits for the next end. False: there is one already. Throws std::logic_error if
    /// another one waits.
    [[nodiscard]] bool arm(suspension& waiter);
    void disarm(suspension& waiter) noexcept;

private:
    friend class join_member_base;
    claimed push_ended(join_member_base& member) noexcept;
    void collect() noexcept;
    static void leave(join_member_base& member) noexcept;
    static constexpr std::uintptr_t nobody = 0;
    static constexpr std::uintptr_t waking = 1;
    intrusive_list<join_member_base> members_;
    std::size_t size_ = 0;
    join_member_base* ready_ = nullptr;  ///< collected, in the order of the ends
    atomic<join_member_base*> ended_{nullptr};
    atomic<std::uintptr_t> waiter_{nobody};
};

/// Gives up the handle's reference of a member that was popped.
class detach_on_exit {
public:
    explicit detach_on_exit(cell& task) noexcept : task_(&task) {}
    ~detach_on_exit() { task_->detach_handle(); }
    detach_on_exit(const detach_on_exit&) = delete;
    detach_on_exit& operator=(const detach_on_exit&) = delete;

private:
    cell* task_;
};

/// Waits for the next end in a set. Dropped, it loses nothing: the result stays in the queue.
template <class Derived>
class join_next_leaf : public leaf<Derived> {
public:
    explicit join_next_leaf(join_queue& queue) noexcept : queue_(&queue) {}
    join_next_leaf(join_next_leaf&& other) noexcept : queue_(other.queue_) {}
    ~join_next_leaf() { disarm(); }
    /// Nobody waits any more; it can be awaited again.
    void disarm() noexcept {
        if (waiter_ != nullptr) { queue_->disarm(*std::exchange(waiter_, nullptr)); }
    }
    bool ready() noexcept { return queue_->size() == 0 || queue_->has_ended(); }
    bool arm(suspension& waiter) {
        if (!queue_->arm(waiter)) { return false; }
        waiter_ = &waiter;
        return true;
    }

protected:
    join_queue& finish() noexcept {
        disarm();
        return *queue_;
    }

private:
    join_queue* queue_;
    suspension* waiter_ = nullptr;
};

}  // namespace edo::detail
