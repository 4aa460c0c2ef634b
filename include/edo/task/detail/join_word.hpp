/// How the end of a task meets the handle that joins it.
#pragma once

#include <edo/coro/detail/cell_base.hpp>

namespace edo::detail {

/// Told of the end of a task: the leaf of a join, or the member of a join_set.
class join_listener {
public:
    /// Called once, by the thread that ends the task; may claim, must not enqueue.
    virtual claimed task_ended() noexcept = 0;

protected:
    ~join_listener() = default;
};

/// EMPTY | join_listener* | DONE | DETACHED | DONE_TOLD.
///
/// Task and handle share one reference to the cell: whichever of complete() and detach() comes
/// second releases it. Nothing of the listener is touched after DONE_TOLD.
class join_word {
public:
    enum class ending { kept, nobody_joins, told };

    /// acquire: pairs with the stores of DONE and DONE_TOLD in complete()
    [[nodiscard]] bool is_done() const noexcept {
        const value v = word_.load(acquire);
        return v == done || v == done_told;
    }
    /// The task has ended and its result is in place. `nobody_joins`: the caller disposes of result
    /// and reference. Otherwise the cell now belongs to the handle; `waiter` is to be enqueued.
    [[nodiscard]] ending complete(claimed& waiter) noexcept {
        // acq_rel: pairs with listen(), detach() and is_done()
        const value before = word_.exchange(done, acq_rel);
        if (before == empty) { return ending::kept; }
        if (before == detached) { return ending::nobody_joins; }
        waiter = reinterpret_cast<join_listener*>(before)->task_ended();
        word_.store(done_told, release);  // pairs with: is_done() in unlisten() and detach()
        return ending::told;
    }
    /// The same, by the thread that waits for it: the handle cannot do anything meanwhile.
    void complete_here() noexcept {
        word_.store(done, release);  // pairs with: is_done() by abort handles
    }
    /// Registers the one listener. False: the task has ended.
    [[nodiscard]] bool listen(join_listener& listener) noexcept {
        value expected = empty;
        const auto node = reinterpret_cast<value>(&listener);
        // release: pairs with complete()'s exchange; acquire: with its result
        return word_.compare_exchange(expected, node, release, acquire);
    }
    /// Takes the listener back; it is not touched afterwards. True: it was not told.
    bool unlisten(join_listener& listener) noexcept {
        if (word_.load(acquire) == done_told) { return false; }  // pairs with: complete()
        value expected = reinterpret_cast<value>(&listener);
        // acq_rel: pairs with complete()
        if (word_.compare_exchange(expected, empty, acq_rel, acquire)) { return true; }
        while (word_.load(acquire) != done_told) { cpu_relax(); }  // pairs with: complete()
        return false;
    }
    /// Gives up the right to join; no listener is registered. True: the task has ended, and the
    /// caller disposes of result and reference; is_done() stays true.
    [[nodiscard]] bool detach() noexcept {
        if (is_done()) { return true; }
        value expected = empty;
        // acq_rel: pairs with complete()
        return !word_.compare_exchange(expected, detached, acq_rel, acquire);
    }

private:
    using value = std::uintptr_t;
    static constexpr value empty = 0;
    static constexpr value done = 1;
    static constexpr value detached = 2;
    static constexpr value done_told = 3;
    atomic<value> word_{empty};
};

}  // namespace edo::detail
