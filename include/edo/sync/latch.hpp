/// A count that goes down once.
#pragma once

#include <edo/coro/detail/thread_cell.hpp>
#include <edo/coro/detail/wait_queue.hpp>

#include <cstddef>
#include <source_location>
#include <stdexcept>

namespace edo::sync {

/// Opens when its count has come to 0, and stays open. std::latch for tasks.
///
/// Thread safety  every member may be called from any thread, with or without a runtime.
/// Lifetime       it must outlive its awaiters, and the calls of its members.
/// Memory         what was done before a count_down() happens before the return of a wait.
/// Allocation     none.
/// Source         std::latch.
class latch {
public:
    /// With this count.
    explicit latch(std::size_t count) noexcept : count_(count) {}
    latch(const latch&) = delete;
    latch& operator=(const latch&) = delete;

    /// Takes `n` from the count. Never waits.
    ///
    /// Errors         throws std::invalid_argument if the count is less than n; it stays as it was.
    void count_down(std::size_t n = 1) {
        std::size_t v = count_.load(detail::relaxed);
        do {
            if (v < n) { throw std::invalid_argument("edo: latch::count_down() below 0"); }
            // acq_rel: pairs with the others and with try_wait()
        } while (!count_.compare_exchange(v, v - n, detail::acq_rel, detail::relaxed));
        if (n != 0 && v == n) {
            queue_.tell_all_if([] { return true; });
        }
    }
    /// Whether it is open.
    [[nodiscard]] bool try_wait() const noexcept {
        return count_.load(detail::acquire) == 0;  // pairs with: count_down()
    }
    /// Waits until it is open.
    ///
    /// Cancel safety  dropping the awaiter has no effect.
    [[nodiscard("co_await it")]] auto wait() noexcept {
        // Who opens it takes the lock of the queue afterwards, so it finds whoever enlists before that.
        return detail::until_leaf<latch, &latch::try_wait>(queue_, this);
    }
    /// count_down(n), then wait().
    [[nodiscard("co_await it")]] auto arrive_and_wait(std::size_t n = 1) {
        count_down(n);
        return wait();
    }
    /// Waits on a plain thread, or in a blocking closure.
    ///
    /// Errors         throws std::logic_error inside a task, which must not block.
    void blocking_wait(std::source_location where = std::source_location::current()) {
        detail::wait_in_thread(wait(), "latch::blocking_wait()", where);
    }

private:
    detail::atomic<std::size_t> count_;
    detail::wait_queue queue_;
};

}  // namespace edo::sync
