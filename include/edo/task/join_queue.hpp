/// Tasks that are joined in the order in which they were spawned.
#pragma once

#include <edo/task/join_set.hpp>

#include <deque>

namespace edo {

/// A join_set whose results come in the order of the spawns. As tokio_util::task::JoinQueue.
///
/// Destruction    aborts all tasks, without waiting for them.
/// Cancel safety  a dropped join_next() loses no result.
/// Thread safety  one thread at a time.
template <class T>
class join_queue {
public:
    /// What a joined task gives.
    using result_type = std::expected<T, join_error>;

    /// An empty queue.
    join_queue() = default;
    /// Takes the tasks of the other, which is empty then.
    join_queue(join_queue&& other) noexcept : tasks_(std::exchange(other.tasks_, {})) {}
    /// Aborts its own tasks, and takes those of the other.
    join_queue& operator=(join_queue&& other) noexcept {
        join_queue moved(std::move(other));
        std::swap(tasks_, moved.tasks_);
        return *this;
    }
    /// Aborts all tasks.
    ~join_queue() { abort_all(); }

    /// Starts a task in the queue; see edo::spawn.
    template <class F, class... Args>
        requires(spawnable<F, Args...> && std::same_as<detail::spawn_result_t<F, Args...>, T>)
    abort_handle spawn(F&& f, Args&&... args) {
        return push(edo::spawn(std::forward<F>(f), std::forward<Args>(args)...));
    }
    /// Refused: the message names the rule, the argument and the fix.
    template <
        class F, class... Args,
        class Why = detail::refusal_as<"edo::join_queue::spawn", detail::k_send, T, F, Args...>>
    auto spawn(F&&, Args&&...);

    /// The same on the runtime of `handle`, a runtime_handle.
    template <class Handle, class F, class... Args>
        requires(spawnable<F, Args...> && std::same_as<detail::spawn_result_t<F, Args...>, T>)
    abort_handle spawn_on(const Handle& handle, F&& f, Args&&... args) {
        return push(handle.spawn(std::forward<F>(f), std::forward<Args>(args)...));
    }
    /// Starts a local task in the queue; see edo::spawn_local.
    template <class F, class... Args>
        requires(spawnable_local<F, Args...> && std::same_as<detail::spawn_result_t<F, Args...>, T>)
    abort_handle spawn_local(F&& f, Args&&... args) {
        return push(edo::spawn_local(std::forward<F>(f), std::forward<Args>(args)...));
    }
    /// The same on `set`, a local_set, from its thread.
    template <class LocalSet, class F, class... Args>
        requires(spawnable_local<F, Args...> && std::same_as<detail::spawn_result_t<F, Args...>, T>)
    abort_handle spawn_local_on(LocalSet& set, F&& f, Args&&... args) {
        return push(set.spawn_local(std::forward<F>(f), std::forward<Args>(args)...));
    }
    /// Starts a blocking closure in the queue; see edo::spawn_blocking.
    template <class F, class... Args>
        requires(spawnable_blocking<F, Args...> &&
                 std::same_as<detail::blocking_result_t<F, Args...>, T>)
    abort_handle spawn_blocking(F&& f, Args&&... args) {
        return push(detail::handle_access::make(detail::launch_blocking<detail::spawned<T>>(
            detail::current_runtime("edo::join_queue::spawn_blocking", {}), {}, std::forward<F>(f),
            std::forward<Args>(args)...)));
    }

    /// `co_await join_next()` waits for the task that was spawned first: std::optional<result_type>, nothing
    /// if the queue is empty. The queue must outlive it.
    [[nodiscard("co_await it")]] task<std::optional<result_type>> join_next() {
        return next(*this);
    }
    /// The same with the task's id: std::optional<std::pair<task_id, result_type>>.
    [[nodiscard("co_await it")]] task<std::optional<std::pair<task_id, result_type>>>
    join_next_with_id() {
        return next_with_id(*this);
    }
    /// The result of the task that was spawned first, if it has ended; never waits.
    [[nodiscard]] std::optional<result_type> try_join_next() {
        if (tasks_.empty() || !tasks_.front().is_finished()) { return std::nullopt; }
        join_handle<T> ended = std::move(tasks_.front());
        tasks_.pop_front();
        detail::handle_access::consumed(ended) = true;
        return detail::handle_access::cell_of(ended).take_expected();
    }
    /// `co_await join_all()` waits for all tasks: their results in the order of the spawns (std::vector<T>,
    /// nothing for void). The first failure aborts the rest and is rethrown. The queue must outlive it.
    [[nodiscard("co_await it")]] auto join_all()
        -> task<std::conditional_t<std::is_void_v<T>, void, std::vector<detail::non_void_t<T>>>> {
        return collect(*this);
    }
    /// Asks for the end of all tasks; they stay in the queue until they are joined.
    void abort_all() noexcept {
        for (auto& each : tasks_) { each.abort(); }
    }
    /// `co_await shutdown()` aborts all tasks and waits until they have ended.
    [[nodiscard("co_await it")]] task<> shutdown() { return drain(*this); }
    /// Gives all tasks up; they go on by themselves. The queue is empty afterwards.
    void detach_all() noexcept { tasks_.clear(); }
    /// Tasks that are not joined.
    [[nodiscard]] std::size_t size() const noexcept { return tasks_.size(); }
    /// Whether there are none.
    [[nodiscard]] bool empty() const noexcept { return tasks_.empty(); }

private:
    abort_handle push(join_handle<T> started) {
        abort_handle handle = started.abort_handle();
        try {
            tasks_.push_back(std::move(started));
        } catch (...) {
            handle.abort();
            throw;
        }
        return handle;
    }
    static task<std::optional<result_type>> next(join_queue& queue) {
        if (queue.empty()) { co_return std::nullopt; }
        auto ended = queue.tasks_.front().join();
        try {
            auto result = co_await ended;  // borrowed: dropped, it leaves the task where it is
            queue.tasks_.pop_front();
            co_return result;
        } catch (...) {  // the result cannot be moved
            if (detail::handle_access::consumed(queue.tasks_.front())) { queue.tasks_.pop_front(); }
            throw;
        }
    }
    static task<std::optional<std::pair<task_id, result_type>>> next_with_id(join_queue& queue) {
        if (queue.empty()) { co_return std::nullopt; }
        const task_id id = queue.tasks_.front().id();
        auto result = co_await queue.join_next();
        co_return std::pair<task_id, result_type>(id, std::move(*result));
    }
    static auto collect(join_queue& queue)
        -> task<std::conditional_t<std::is_void_v<T>, void, std::vector<detail::non_void_t<T>>>> {
        std::vector<detail::non_void_t<T>> all;
        while (!queue.empty()) {
            auto result = co_await queue.join_next();
            if (!*result) {
                queue.abort_all();
                queue.detach_all();
            }
            if constexpr (std::is_void_v<T>) {
                unwrap(std::move(*result));
            } else {
                all.push_back(unwrap(std::move(*result)));
            }
        }
        if constexpr (!std::is_void_v<T>) { co_return all; }
    }
    static task<> drain(join_queue& queue) {
        queue.abort_all();
        while (!queue.empty()) { co_await queue.join_next(); }
    }
    std::deque<join_handle<T>> tasks_;
};

}  // namespace edo
