/// Waiting until all of a number of tasks have ended.
#pragma once

#include <edo/coro/detail/thread_cell.hpp>
#include <edo/coro/detail/wait_queue.hpp>
#include <edo/task/spawn_local.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

namespace edo {
namespace detail {

/// What a tracker and its tokens share: how many there are, and whether it is closed.
class tracker_state {
public:
    void add() noexcept { word_.fetch_add(one, relaxed); }
    void remove() noexcept {
        std::size_t v = word_.load(relaxed);
        do {
            if (v == (one | closed)) {
                // seq_cst: pairs with the other changes of the word
                end_if([this] { return word_.fetch_sub(one, seq_cst) == (one | closed); });
                return;
            }
            // seq_cst: pairs with the other changes of the word; the last one sees all
        } while (!word_.compare_exchange(v, v - one, seq_cst, relaxed));
    }
    bool close() noexcept {
        std::size_t before = 0;
        end_if([&] {
            before = word_.fetch_or(closed, seq_cst);  // pairs with: remove()
            return before == 0;
        });
        return (before & closed) == 0;
    }
    bool reopen() noexcept {
        std::size_t v = word_.load(relaxed);
        // seq_cst: pairs with remove(); only a closed tracker changes
        while ((v & closed) != 0 && !word_.compare_exchange(v, v & ~closed, seq_cst, relaxed)) {}
        return (v & closed) != 0;
    }
    [[nodiscard]] bool is_closed() const noexcept { return (word_.load(acquire) & closed) != 0; }
    [[nodiscard]] std::size_t size() const noexcept {
        return word_.load(acquire) / one;  // pairs with: remove()
    }
    /// How often it has become closed and empty.
    [[nodiscard]] std::uint64_t ends() const noexcept {
        return ends_.load(acquire);  // pairs with: end_if()
    }
    /// Closed, and nothing is tracked.
    [[nodiscard]] bool is_over() const noexcept {
        return word_.load(seq_cst) == closed;  // pairs with: remove(), close()
    }
    wait_queue queue;

private:
    static constexpr std::size_t closed = 1;
    static constexpr std::size_t one = 2;
    /// Closed and empty it becomes under the lock, so that who begins to wait afterwards is not told.
    template <class F>
    void end_if(F change) noexcept {
        queue.tell_all_if([&] {
            const bool is_end = change();
            if (is_end) { ends_.store(ends_.load(relaxed) + 1, release); }  // pairs with: ends()
            return is_end;
        });
    }
    atomic<std::size_t> word_{0};
    atomic<std::uint64_t> ends_{0};
};

/// Waits until the tracker is closed and empty; that it was for a moment is enough.
class tracker_leaf : public queue_wait<tracker_leaf, std::shared_ptr<tracker_state>> {
public:
    explicit tracker_leaf(std::shared_ptr<tracker_state> state) noexcept
        : queue_wait(state->queue, std::move(state)) {
        const lock_guard guard(owner_->queue.lock);  // an end is counted a moment after it has come
        ends_before_ = owner_->ends();
        was_over_ = owner_->is_over();
    }
    [[nodiscard]] bool ready() const noexcept {
        return was_over_ || owner_->ends() != ends_before_;
    }

private:
    std::uint64_t ends_before_ = 0;
    bool was_over_ = false;
};

}  // namespace detail

/// One thing that a task_tracker waits for, until it is destroyed. Copies count as more of them.
///
/// Source         tokio_util::task::TaskTrackerToken.
class task_tracker_token {
public:
    /// Counts one more.
    task_tracker_token(const task_tracker_token& other) noexcept : state_(other.state_) {
        if (state_) { state_->add(); }
    }
    /// Takes the place of the other, which counts nothing afterwards.
    task_tracker_token(task_tracker_token&& other) noexcept = default;
    /// Exchanges what the two count.
    task_tracker_token& operator=(task_tracker_token other) noexcept {
        std::swap(state_, other.state_);
        return *this;
    }
    ~task_tracker_token() {
        if (state_) { state_->remove(); }
    }

private:
    friend class task_tracker;
    explicit task_tracker_token(std::shared_ptr<detail::tracker_state> state) noexcept
        : state_(std::move(state)) {
        state_->add();
    }
    std::shared_ptr<detail::tracker_state> state_;
};

namespace detail {

/// A task that is tracked until it has ended and its frames are gone.
template <class T>
class tracked : public spawned<T> {
public:
    using spawned<T>::spawned;
    void finish(bool dropped) noexcept override {
        const auto until_the_end = std::move(token);
        spawned<T>::finish(dropped);
    }
    std::optional<task_tracker_token> token;
};

}  // namespace detail

/// Counts tasks, so that a server can wait for them when it stops. Unlike a join_set it keeps nothing
/// of a task that has ended.
///
/// Ownership      copies track the same tasks.
/// Destruction    has no effect on the tasks.
/// Thread safety  every const member may be called from any thread.
/// Memory         what tracked tasks did happens before the return of wait().
/// Source         tokio_util::task::TaskTracker.
class task_tracker {
public:
    /// Open and empty. Throws std::bad_alloc.
    task_tracker() : state_(std::make_shared<detail::tracker_state>()) {}

    /// Starts a task that is tracked; see edo::spawn. Also when this is closed.
    template <class F, class... Args>
        requires spawnable<F, Args...>
    auto spawn(F&& f, Args&&... args) const -> join_handle<detail::spawn_result_t<F, Args...>> {
        return start<detail::spawn_result_t<F, Args...>>(
            detail::current_runtime("edo::task_tracker::spawn", {}), true, std::forward<F>(f),
            std::forward<Args>(args)...);
    }
    /// Refused: the message names the rule, the argument and the fix.
    template <class F, class... Args,
              class Why = detail::refusal<"edo::task_tracker::spawn", detail::k_send, F, Args...>>
    auto spawn(F&&, Args&&...) const;

    /// The same on the runtime of `handle`, a runtime_handle.
    template <class Handle, class F, class... Args>
        requires spawnable<F, Args...>
    auto spawn_on(const Handle& handle, F&& f, Args&&... args) const
        -> join_handle<detail::spawn_result_t<F, Args...>> {
        return start<detail::spawn_result_t<F, Args...>>(core_of(handle), true, std::forward<F>(f),
                                                         std::forward<Args>(args)...);
    }
    /// Refused: the message names the rule, the argument and the fix.
    template <
        class Handle, class F, class... Args,
        class Why = detail::refusal<"edo::task_tracker::spawn_on", detail::k_send, F, Args...>>
    auto spawn_on(const Handle&, F&&, Args&&...) const;

    /// Starts a local task that is tracked; see edo::spawn_local.
    template <class F, class... Args>
        requires spawnable_local<F, Args...>
    auto spawn_local(F&& f, Args&&... args) const
        -> join_handle<detail::spawn_result_t<F, Args...>> {
        return start<detail::spawn_result_t<F, Args...>>(
            detail::current_local_set({}), false, std::forward<F>(f), std::forward<Args>(args)...);
    }
    /// Refused: the message names the rule, the argument and the fix.
    template <
        class F, class... Args,
        class Why = detail::refusal<"edo::task_tracker::spawn_local", detail::k_local, F, Args...>>
    auto spawn_local(F&&, Args&&...) const;

    /// Lets wait() end when nothing is tracked any more. Whether it was open.
    bool close() const noexcept { return state_->close(); }
    /// Undoes close(). Whether it was closed.
    bool reopen() const noexcept { return state_->reopen(); }
    /// Whether it is closed.
    [[nodiscard]] bool is_closed() const noexcept { return state_->is_closed(); }
    /// Tasks and tokens that are tracked.
    [[nodiscard]] std::size_t size() const noexcept { return state_->size(); }
    /// Whether there are none.
    [[nodiscard]] bool empty() const noexcept { return size() == 0; }
    /// Something that is tracked until it is destroyed.
    [[nodiscard]] task_tracker_token token() const noexcept { return task_tracker_token(state_); }

    /// Waits until this is closed and nothing is tracked. That it was so at some moment since this
    /// call is enough, also if it is open or tracks more again.
    ///
    /// Cancel safety  dropping the awaiter has no effect.
    [[nodiscard("co_await it")]] auto wait() const noexcept { return detail::tracker_leaf(state_); }

private:
    template <class R, class... Spawned>
    join_handle<R> start(detail::task_owner& owner, bool must_be_sendable,
                         Spawned&&... what) const {
        auto* made = detail::make_cell<detail::tracked<R>>(owner, {}, must_be_sendable,
                                                           std::forward<Spawned>(what)...);
        made->token.emplace(token());
        return detail::handle_access::make<R>(detail::name_and_launch(made, {}));
    }
    std::shared_ptr<detail::tracker_state> state_;
};

}  // namespace edo
