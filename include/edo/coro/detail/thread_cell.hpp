/// A cell that is bound to the thread which waits for it: the future of a block_on, a blocking lock.
#pragma once

#include <edo/base/detail/at_line.hpp>
#include <edo/base/detail/parker.hpp>
#include <edo/coro/detail/cell_base.hpp>
#include <edo/coro/detail/context.hpp>

#include <stdexcept>
#include <string>
#include <utility>

namespace edo::detail {

/// Made, driven and destroyed by one thread; woken by any.
class thread_cell : public cell_base, public list_link, private scheduler {
public:
    thread_cell() : cell_base(static_cast<scheduler&>(*this)), sleeper_(&parker::this_thread()) {}

    /// Whether it has been woken since the last call that said so.
    [[nodiscard]] bool take_wake() noexcept {
        if (!woken_.load(acquire)) { return false; }  // pairs with: schedule()
        woken_.store(false, relaxed);
        return true;
    }
    [[nodiscard]] bool is_woken() const noexcept { return woken_.load(relaxed); }
    /// It yielded: the next take_wake() says yes.
    void wake_again() noexcept { woken_.store(true, relaxed); }

    [[nodiscard]] bool is_finished() const noexcept { return finished_; }
    [[nodiscard]] bool was_dropped() const noexcept { return dropped_; }
    void finish(bool dropped) noexcept override {
        finished_ = true;
        dropped_ = dropped;
    }
    /// Ends it at its suspension point; it has to be driven once more. Its own thread only, which may call
    /// this again.
    void request_drop() noexcept {
        if (!std::exchange(drop_requested_, true) && state.request_abort()) { wake_again(); }
    }
    [[nodiscard]] bool is_drop_requested() const noexcept { return drop_requested_; }
    /// Makes its thread look again. Any thread that knows that it is there.
    void unpark() noexcept { sleeper_->unpark(); }
    bool begin() noexcept override { return false; }

protected:
    ~thread_cell() = default;

private:
    void schedule(cell_base&) noexcept override {
        parker* sleeper = sleeper_;   // the cell may be gone after the next line
        woken_.store(true, release);  // pairs with: take_wake()
        sleeper->unpark();
    }
    parker* sleeper_;
    atomic<bool> woken_{true};
    bool drop_requested_ = false;
    bool finished_ = false;
    bool dropped_ = false;
};

/// The cell of a plain thread that waits on one leaf.
class thread_waiter final : public thread_cell {
public:
    /// Suspends the thread on `leaf` until it is woken.
    template <class Leaf>
    void wait_for(Leaf& leaf) {
        seen = !seen;  // there is no first turn
        static_cast<void>(take_wake());
        if (suspend_on(leaf)) { sleep_until_woken(); }
    }

private:
    template <class Leaf>
    bool suspend_on(Leaf& leaf) {
        const running here(*this);
        return !leaf.await_ready() && leaf.suspend({});
    }
    /// Makes this the running branch; a leaf may throw.
    class running {
    public:
        explicit running(thread_waiter& self) noexcept
            : cx_(this_context()),
              outer_(std::exchange(cx_.current, &self.root())),
              budget_(std::exchange(cx_.budget, no_budget)) {}
        ~running() {
            cx_.current = outer_;
            cx_.budget = budget_;
        }
        running(const running&) = delete;
        running& operator=(const running&) = delete;

    private:
        context& cx_;
        branch_ref outer_;
        std::uint32_t budget_;
    };
    /// Parks the cell as a worker's loop does, and the thread with it.
    void sleep_until_woken() noexcept {
        for (;;) {
            const state_word::value now = state.look();
            if (((now & state_word::wake) != 0) != seen) { return; }
            if (!state.park(now)) { continue; }
            while (!take_wake()) { parker::this_thread().park(); }
        }
    }
};

/// `co_await leaf` for a plain thread. Throws std::logic_error inside a task, which must not block.
template <class Leaf>
decltype(auto) wait_in_thread(Leaf&& leaf, const char* function,
                              const std::source_location& where) {
    if (!this_context().blocking_allowed) {
        throw std::logic_error(at_line(where) + "edo: " + function +
                               " inside a task would block its worker; co_await the non-blocking "
                               "form, or call it in spawn_blocking");
    }
    thread_waiter waiter;
    waiter.wait_for(leaf);
    return leaf.await_resume();
}

}  // namespace edo::detail
