// Polls a leaf by hand: a task of its own for one awaitable, as tokio_test::task::spawn.
#pragma once

#include <edo/coro/detail/cell_base.hpp>
#include <edo/coro/detail/context.hpp>
#include <edo/coro/detail/foreign.hpp>
#include <edo/coro/detail/leaf.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <deque>
#include <optional>
#include <thread>
#include <type_traits>
#include <utility>

namespace edo::test {

/// A cell that counts how often it is scheduled. Made and polled by one thread, woken by any.
class mock_cell final : public edo::detail::cell_base, private edo::detail::scheduler {
public:
    mock_cell() noexcept : cell_base(static_cast<edo::detail::scheduler&>(*this)) {}
    /// Suspends the calling thread's root branch on the leaf and parks. True: it did not suspend.
    template <class Leaf>
    bool suspend_on(Leaf& leaf) {
        edo::detail::context& cx = edo::detail::this_context();
        const auto outer = std::exchange(cx.current, &root());
        const auto budget = std::exchange(cx.budget, edo::detail::no_budget);
        const auto before = state.look();
        const bool suspended = !leaf.await_ready() && leaf.suspend({});
        cx.current = outer;
        cx.budget = budget;
        parked_ = suspended && state.park(before);
        if (suspended && !parked_) {          // woken before it could park
            static_cast<void>(state.look());  // sees what the waker did
            ++wakes_;
        }
        return !suspended;
    }
    [[nodiscard]] int wakes() const noexcept { return wakes_.load(); }
    /// The leaf is gone; a waker that has claimed the cell still has to enqueue it.
    void settle() noexcept {
        if (!parked_ || state.request_abort()) { return; }
        while (wakes_ == 0) { std::this_thread::yield(); }
    }

    bool begin() noexcept override { return false; }
    void finish(bool) noexcept override {}

private:
    void schedule(cell_base&) noexcept override { ++wakes_; }
    std::atomic<int> wakes_{0};
    bool parked_ = false;
};

/// Owns a leaf and the task that waits on it. The leaf goes first, as in a dropped task.
template <class Leaf>
class polled {
public:
    explicit polled(Leaf&& leaf) : leaf_(std::in_place, std::move(leaf)) {}
    polled(const polled&) = delete;
    polled& operator=(const polled&) = delete;
    ~polled() {
        leaf_.reset();
        cell_.settle();
    }
    /// Whether the awaitable can complete; the first call suspends on it if not.
    bool poll() {
        if (std::exchange(is_suspended_, true)) { return leaf_->ready(); }
        return cell_.suspend_on(*leaf_);
    }
    /// How often the task has been woken: 0 or 1 after one suspension.
    [[nodiscard]] int wakes() const noexcept { return cell_.wakes(); }
    [[nodiscard]] bool is_woken() const noexcept { return wakes() != 0; }
    /// Waits until another thread has woken the task.
    void wait_woken() const noexcept {
        while (!is_woken()) { std::this_thread::yield(); }
    }
    /// The result; only after poll() said yes or the task was woken. The leaf is gone then.
    auto take() {
        struct guard {
            std::optional<Leaf>& leaf;
            ~guard() { leaf.reset(); }
        } const destroy{leaf_};
        return leaf_->await_resume();
    }
    /// Drops the awaitable.
    void drop() { leaf_.reset(); }
    [[nodiscard]] Leaf& leaf() noexcept { return *leaf_; }

private:
    mock_cell cell_;
    std::optional<Leaf> leaf_;
    bool is_suspended_ = false;
};

/// A task that waits on `awaitable`, not polled yet.
template <class A>
auto by_hand(A&& awaitable) {
    return polled<std::remove_cvref_t<edo::detail::awaiter_of<A>>>(
        edo::detail::get_awaiter(std::forward<A>(awaitable)));
}

/// `n` tasks in line, each suspended on what `make()` gives.
template <class F>
auto line_of(std::size_t n, F make) {
    std::deque<decltype(by_hand(make()))> line;
    while (line.size() != n) {
        line.emplace_back(edo::detail::get_awaiter(make()));
        EXPECT_FALSE(line.back().poll());
    }
    return line;
}

}  // namespace edo::test
