/// What forks use of the worker that they run on.
#pragma once

#include <edo/coro/detail/fork_deque.hpp>

#include <cstdint>

namespace edo::detail {

/// Children that may be stolen, and the question whether the worker may go deeper.
///
/// Waking follows Dekker's pattern, as everywhere in the scheduler: the pusher publishes and looks whether
/// somebody sleeps; who goes to sleep says so and looks for children. The sleeper's fence is the heavy one
/// once there was a fork.
class fork_lane {
public:
    /// `idle`: searching << 32 | awake, of all workers; `workers`: how many there are.
    fork_lane(const atomic<std::uint64_t>& idle, std::uint64_t workers) noexcept
        : idle_(idle), workers_(workers) {}
    fork_lane(const fork_lane&) = delete;
    fork_lane& operator=(const fork_lane&) = delete;

    /// Holder: lets others take `child`. False: there is no memory for it.
    [[nodiscard]] bool offer(fork_child& child) noexcept {
        if (!forks.push(child)) { return false; }
        if (has_forked_) [[likely]] {
            light_fence();  // pairs with: the heavy one in executor::enter_sleep()
        } else {
            has_forked_ = true;
            first_fork();
        }
        // Less than all are awake, and nobody searches.
        if (idle_.load(relaxed) < workers_) [[unlikely]] { wake_thief(); }
        return true;
    }
    /// Holder: takes back the child that was offered last. False: a thief has it and all that are older; or it
    /// is not here, if the holder has changed meanwhile; or it has to wait until what was offered later has
    /// had its turn.
    [[nodiscard]] bool take_back(fork_child& child) noexcept {
        if (is_unwinding) { return false; }
        fork_child* newest = forks.pop();
        if (newest == &child) [[likely]] { return true; }
        if (newest != nullptr) { static_cast<void>(forks.push(*newest)); }
        return false;
    }
    /// Holder: whether children may run inside their parent. Not when the stack runs out, nor when others have
    /// waited for this worker, nor after very many forks, so that a group can start its other branches:
    /// then all forks unwind to its loop.
    [[nodiscard]] bool may_nest(std::uintptr_t stack_floor) noexcept {
        if (++nested_ % look_interval == 0 && (nested_ % longest_run == 0 || is_needed())) {
            is_unwinding = true;
        }
        return !is_unwinding &&
               reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)) > stack_floor;
    }

    fork_deque forks;
    bool is_unwinding = false;  ///< until the loop goes on

protected:
    ~fork_lane() = default;

private:
    static constexpr std::uint32_t look_interval = 256;
    static constexpr std::uint32_t longest_run = 128 * look_interval;  // about 1 ms

    virtual void wake_thief() noexcept = 0;
    /// Announces that there are forks from now on; a whole fence.
    virtual void first_fork() noexcept = 0;
    /// Whether the loop has something else to do.
    [[nodiscard]] virtual bool is_needed() noexcept = 0;

    const atomic<std::uint64_t>& idle_;
    const std::uint64_t workers_;
    std::uint32_t nested_ = 0;
    bool has_forked_ = false;
};

}  // namespace edo::detail
