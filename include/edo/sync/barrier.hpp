/// A point that a number of tasks reach together.
#pragma once

#include <edo/coro/detail/thread_cell.hpp>
#include <edo/coro/detail/wait_queue.hpp>
#include <edo/coro/owning.hpp>

#include <algorithm>
#include <source_location>

namespace edo::detail {

class barrier_wait;

}  // namespace edo::detail

namespace edo::sync {

/// What barrier::wait() gives. As tokio::sync::BarrierWaitResult.
class barrier_wait_result {
public:
    /// True for one of each generation: the one that came last.
    [[nodiscard]] bool is_leader() const noexcept { return is_leader_; }

private:
    friend class detail::barrier_wait;
    explicit barrier_wait_result(bool is_leader) noexcept : is_leader_(is_leader) {}
    bool is_leader_;
};

}  // namespace edo::sync

namespace edo::detail {

/// Who wait at a barrier, and how many they are to be.
struct barrier_state {
    explicit barrier_state(std::size_t n) noexcept : size(n) {}
    /// The last one has come: the others go on. False: they have not all come yet.
    bool complete() noexcept {
        return queue.tell_all_if([this]() {
            if (arrived + 1 != size) { return false; }
            arrived = 0;
            return true;
        });
    }
    wait_queue queue;
    std::size_t arrived = 0;  ///< who wait in this generation; guarded by the lock of the queue
    const std::size_t size;
};

/// Waits at a barrier, unless it is the last to come.
class barrier_wait : public queue_wait<barrier_wait, barrier_state*> {
public:
    explicit barrier_wait(barrier_state& state) noexcept : queue_wait(state.queue, &state) {}
    barrier_wait(barrier_wait&&) noexcept = default;
    ~barrier_wait() { disarm(); }
    [[nodiscard]] bool ready() noexcept {
        is_leader_ = is_leader_ || (!is_through_ && !was_told() && owner_->complete());
        return is_leader_ || is_through_ || was_told();
    }
    [[nodiscard]] bool arm(suspension& waiter) noexcept {
        const auto is_not_last = [this]() {
            if (owner_->arrived + 1 == owner_->size) { return false; }
            ++owner_->arrived;
            return true;
        };
        do {
            if (ready()) { return false; }
        } while (!enlist_if(waiter, is_not_last));
        return true;
    }
    /// It does not count any more, unless all had come.
    void disarm() noexcept {
        is_through_ = is_through_ || leave([this]() { --owner_->arrived; });
    }
    sync::barrier_wait_result await_resume() noexcept {
        disarm();
        is_through_ = false;
        return sync::barrier_wait_result(std::exchange(is_leader_, false));
    }

private:
    bool is_leader_ = false;
    bool is_through_ = false;  ///< all had come, though it was taken back
};

}  // namespace edo::detail

namespace edo::sync {

/// Lets tasks go on when as many as it was made for have come; then it serves the next generation.
///
/// Thread safety  every member may be called from any thread, with or without a runtime.
/// Lifetime       it must outlive its awaiters, and the calls of its members.
/// Allocation     none.
/// Source         tokio::sync::Barrier.
class barrier {
public:
    /// For `n` tasks at a time; 0 acts as 1.
    explicit barrier(std::size_t n) noexcept : state_(std::max<std::size_t>(n, 1)) {}
    barrier(const barrier&) = delete;
    barrier& operator=(const barrier&) = delete;

    /// Waits until `n` have come, the caller included: barrier_wait_result.
    ///
    /// Cancel safety  who is dropped before the last one came does not count any more (in Tokio it
    ///                goes on counting).
    [[nodiscard("co_await it")]] auto wait() noexcept { return detail::barrier_wait(state_); }
    /// The same on a plain thread, or in a blocking closure.
    ///
    /// Errors         throws std::logic_error inside a task, which must not block.
    barrier_wait_result blocking_wait(
        std::source_location where = std::source_location::current()) {
        return detail::wait_in_thread(wait(), "barrier::blocking_wait()", where);
    }

private:
    detail::barrier_state state_;
};

}  // namespace edo::sync

namespace edo {

/// It refers to its barrier.
template <>
inline constexpr bool enable_owning<detail::barrier_wait> = false;

}  // namespace edo
