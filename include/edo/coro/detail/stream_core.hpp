/// A generator that may await: a branch of whichever task asks for its next item.
#pragma once

#include <edo/coro/detail/group_child.hpp>
#include <edo/coro/detail/promise.hpp>

namespace edo::detail {

/// What does not depend on the type of the items.
///
/// Each next() runs the generator inside the branch that asks. Mostly it comes to a co_yield, and that branch
/// goes on at once. Where it suspends before that it is *under way*: it becomes a branch of that task, and goes on when it is woken, also while nobody asks; then
/// the item waits for the next one who does. At a co_yield it belongs to no task.
class EDO_API stream_core final : public handler, public task_bound, public sink_base {
public:
    explicit stream_core(promise_base& generator) noexcept;
    ~stream_core();

    /// Whether the answer to next() is there.
    [[nodiscard]] bool is_ready() const noexcept {
        return state_ == state::has_item || state_ == state::ended;
    }
    /// Asks for the next item. True: the caller is suspended. Throws std::logic_error if it is under way in
    /// another task, std::bad_alloc.
    bool ask(std::coroutine_handle<> waiter);
    /// Nobody asks any more; it goes on nevertheless.
    void stop_asking() noexcept;
    /// Drops the generator, as soon as it can be. True: the caller is suspended until then.
    bool close(std::coroutine_handle<> waiter);
    /// The item, null at the end. Throws what the generator has thrown, once.
    [[nodiscard]] void* take();
    /// The generator has come to a co_yield at `point`. The item lives until it goes on.
    void yield(void* item, std::coroutine_handle<> point) noexcept;

    void woken(branch& waiting) noexcept override { go_on(waiting); }
    child_branch* last_child() noexcept override;
    void forget(child_branch& generator) noexcept override;
    void child_ended(child_branch& generator) noexcept override { forget(generator); }
    void child_dropped(child_branch& generator) noexcept override { forget(generator); }
    void task_ends() noexcept override;

private:
    enum class state : unsigned char { suspended, inside, under_way, has_item, ended };
    /// Throws std::logic_error if it is under way in another task.
    void check_task(const cell_base& here) const;
    void attach(branch& asking) noexcept;
    /// It is not under way any more: whoever asks goes on.
    void arrive(state now) noexcept;

    group_child branch_;
    std::coroutine_handle<> point_;  ///< where the generator goes on
    branch* asking_ = nullptr;       ///< who waits for it
    void* item_ = nullptr;
    state state_ = state::suspended;
};

}  // namespace edo::detail
