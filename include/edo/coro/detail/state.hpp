/// The state word of a task: who owns it, what has woken it, whether it is to be dropped.
///
///     OWNED | WAKE | ABORT | pointer to a stack of woken branches
///
/// OWNED   queued or being run; not OWNED: parked. Whoever turns it on puts the task into a queue,
///         nobody else does. It stays on for ever once the task has ended, so that late wakes and
///         aborts enqueue nothing.
/// WAKE    toggles at each wake of the root branch. The owner remembers the value that it has seen,
///         so it takes a wake without writing to the word.
/// ABORT   the task is to be dropped; only the owner acts on it.
/// pointer the branches (of timeout, run_until, …) woken since the owner looked last.
///
/// Everything is in the one word: a flag beside it would be a use-after-free (the task may end as
/// soon as the word says that somebody else owns it).
#pragma once

#include <edo/base/detail/atomic.hpp>

#include <cstdint>

namespace edo::detail {

class child_branch;

/// The word and its transitions.
class state_word {
public:
    using value = std::uintptr_t;
    static constexpr value owned = 1;
    static constexpr value wake = 2;
    static constexpr value abort = 4;
    static constexpr value flags = owned | wake | abort;

    /// A new task is owned by whoever made it.
    state_word() noexcept : word_(owned) {}

    /// The owner's view. acquire: pairs with the release in wake_root, wake_branch and request_abort
    [[nodiscard]] value look() const noexcept { return word_.load(acquire); }

    /// Whether the owner has to drop the task.
    [[nodiscard]] bool is_abort_requested() const noexcept { return (look() & abort) != 0; }
    /// Wakes the root branch. True: the caller now owns the task and must enqueue it.
    [[nodiscard]] bool wake_root() noexcept {
        return claim([](value v) { return (v ^ wake) | owned; });
    }
    /// Puts a branch on the stack of woken ones. True: the caller must enqueue the task.
    [[nodiscard]] bool wake_branch(child_branch& branch) noexcept;
    /// Asks for the end of the task. True: the caller must enqueue the task.
    [[nodiscard]] bool request_abort() noexcept {
        // acq_rel: pairs with look() of the owner, and with park() of the one before
        return (word_.fetch_or(abort | owned, acq_rel) & owned) == 0;
    }
    /// The owner takes the whole stack of woken branches.
    [[nodiscard]] child_branch* take_branches(value seen) noexcept {
        // acq_rel: pairs with wake_branch()
        while (!word_.compare_exchange(seen, seen & flags, acq_rel, acquire)) {}
        return reinterpret_cast<child_branch*>(seen & ~flags);
    }
    /// The owner gives the task up, if nothing has happened since it saw `seen`. After true the
    /// task must not be touched.
    [[nodiscard]] bool park(value seen) noexcept {
        // acq_rel: pairs with the claim of the next owner
        return word_.compare_exchange(seen, seen & ~owned, acq_rel, relaxed);
    }

private:
    template <class Change>
    bool claim(Change change) noexcept {
        value v = word_.load(relaxed);
        // acq_rel: pairs with look() of the owner, and with park() of the one before
        while (!word_.compare_exchange(v, change(v), acq_rel, relaxed)) {}
        return (v & owned) == 0;
    }
    atomic<value> word_;
};

}  // namespace edo::detail
