/// A set of tasks that are joined in the order in which they end.
#pragma once

#include <edo/task/detail/blocking_cell.hpp>
#include <edo/task/detail/join_queue.hpp>
#include <edo/task/spawn_local.hpp>

#include <optional>
#include <utility>
#include <vector>

namespace edo {

/// Tasks with results of one type. As tokio::task::JoinSet. Each task costs what a spawn costs; n
/// tasks cost O(n).
///
/// Destruction    aborts all tasks, without waiting for them.
/// Cancel safety  a dropped join_next() loses no result.
/// Thread safety  one thread at a time. The set may move between threads if T may.
template <class T>
class join_set {
public:
    /// The type of the results.
    using value_type = T;
    /// What a joined task gives.
    using result_type = std::expected<T, join_error>;

    /// An empty set. Throws std::bad_alloc.
    join_set() : queue_(std::make_unique<detail::join_queue>()) {}
    /// Takes the tasks of the other, which may only be assigned to or destroyed afterwards.
    join_set(join_set&& other) noexcept = default;
    /// Aborts its own tasks, and takes those of the other.
    join_set& operator=(join_set&& other) noexcept {
        join_set moved(std::move(other));
        std::swap(queue_, moved.queue_);
        return *this;
    }
    /// Aborts all tasks.
    ~join_set() {
        if (queue_ == nullptr) { return; }
        abort_all();
        detach_all();
    }

    /// Starts a task in the set; see edo::spawn.
    template <class F, class... Args>
        requires(spawnable<F, Args...> && std::same_as<detail::spawn_result_t<F, Args...>, T>)
    abort_handle spawn(F&& f, Args&&... args) {
        return add(detail::current_runtime("edo::join_set::spawn", {}), true, std::forward<F>(f),
                   std::forward<Args>(args)...);
    }
    /// Refused: the message names the rule, the argument and the fix.
    template <class F, class... Args,
              class Why = detail::refusal_as<"edo::join_set::spawn", detail::k_send, T, F, Args...>>
    auto spawn(F&&, Args&&...);

    /// The same on the runtime of `handle`, a runtime_handle.
    template <class Handle, class F, class... Args>
        requires(spawnable<F, Args...> && std::same_as<detail::spawn_result_t<F, Args...>, T>)
    abort_handle spawn_on(const Handle& handle, F&& f, Args&&... args) {
        return add(core_of(handle), true, std::forward<F>(f), std::forward<Args>(args)...);
    }
    /// Refused: the message names the rule, the argument and the fix.
    template <
        class Handle, class F, class... Args,
        class Why = detail::refusal_as<"edo::join_set::spawn_on", detail::k_send, T, F, Args...>>
    auto spawn_on(const Handle&, F&&, Args&&...);

    /// Starts a local task in the set; see edo::spawn_local.
    template <class F, class... Args>
        requires(spawnable_local<F, Args...> && std::same_as<detail::spawn_result_t<F, Args...>, T>)
    abort_handle spawn_local(F&& f, Args&&... args) {
        return add(detail::current_local_set({}), false, std::forward<F>(f),
                   std::forward<Args>(args)...);
    }
    /// Refused: the message names the rule, the argument and the fix.
    template <class F, class... Args,
              class Why =
                  detail::refusal_as<"edo::join_set::spawn_local", detail::k_local, T, F, Args...>>
    auto spawn_local(F&&, Args&&...);

    /// The same on `set`, a local_set.
    template <class LocalSet, class F, class... Args>
        requires(spawnable_local<F, Args...> && std::same_as<detail::spawn_result_t<F, Args...>, T>)
    abort_handle spawn_local_on(LocalSet& set, F&& f, Args&&... args) {
        return add(core_of(set), false, std::forward<F>(f), std::forward<Args>(args)...);
    }
    /// Refused: the message names the rule, the argument and the fix.
    template <class LocalSet, class F, class... Args,
              class Why = detail::refusal_as<"edo::join_set::spawn_local_on", detail::k_local, T, F,
                                             Args...>>
    auto spawn_local_on(LocalSet&, F&&, Args&&...);

    /// Starts a blocking closure in the set; see edo::spawn_blocking.
    template <class F, class... Args>
        requires(spawnable_blocking<F, Args...> &&
                 std::same_as<detail::blocking_result_t<F, Args...>, T>)
    abort_handle spawn_blocking(F&& f, Args&&... args) {
        return insert(detail::launch_blocking<member>(
            detail::current_runtime("edo::join_set::spawn_blocking", {}), {}, std::forward<F>(f),
            std::forward<Args>(args)...));
    }
    /// Refused: the message names the rule, the argument and the fix.
    template <class F, class... Args,
              class Why = detail::refusal_as<"edo::join_set::spawn_blocking", detail::k_blocking, T,
                                             F, Args...>>
    auto spawn_blocking(F&&, Args&&...);

    class next_leaf;
    class next_with_id_leaf;
    /// `co_await join_next()` gives the next task that ends: std::optional<result_type>, nothing if
    /// the set is empty.
    [[nodiscard("co_await it")]] next_leaf join_next() noexcept { return next_leaf(*queue_); }
    /// The same with the task's id: std::optional<std::pair<task_id, result_type>>.
    [[nodiscard("co_await it")]] next_with_id_leaf join_next_with_id() noexcept {
        return next_with_id_leaf(*queue_);
    }
    /// A task that has ended, or nothing; never waits, spends no budget.
    [[nodiscard]] std::optional<result_type> try_join_next() { return without_id(take(*queue_)); }
    /// The same with the task's id.
    [[nodiscard]] std::optional<std::pair<task_id, result_type>> try_join_next_with_id() {
        return take(*queue_);
    }

    /// `co_await join_all()` waits for all tasks: the results in the order of their ends
    /// (std::vector<T>, nothing for void). The first failure aborts the rest and is rethrown. The
    /// set must outlive it.
    [[nodiscard("co_await it")]] auto join_all() { return collect(*this); }
    /// Asks for the end of all tasks; they stay in the set until they are joined.
    void abort_all() noexcept {
        queue_->for_each([](detail::join_member_base& m) { m.task().abort(); });
    }
    /// `co_await shutdown()` aborts all tasks and waits until they have ended.
    [[nodiscard("co_await it")]] task<> shutdown() { return drain(*this); }
    /// Gives all tasks up; they go on by themselves. The set is empty afterwards.
    void detach_all() noexcept { queue_->detach_all(); }
    /// Tasks that are not joined.
    [[nodiscard]] std::size_t size() const noexcept { return queue_->size(); }
    /// Whether there are none.
    [[nodiscard]] bool empty() const noexcept { return size() == 0; }

private:
    using member = detail::join_member<T>;
    using joined = std::optional<std::pair<task_id, result_type>>;

    template <class... Spawned>
    abort_handle add(detail::task_owner& owner, bool must_be_sendable, Spawned&&... what) {
        return insert(detail::name_and_launch(
            detail::make_cell<member>(owner, {}, must_be_sendable, std::forward<Spawned>(what)...),
            {}));
    }
    abort_handle insert(member* made) noexcept {
        abort_handle handle = detail::handle_access::make_abort(made);
        queue_->add(*made);
        return handle;
    }
    static joined take(detail::join_queue& queue) {
        auto* ended = static_cast<member*>(queue.pop());
        if (ended == nullptr) { return std::nullopt; }
        const detail::detach_on_exit release(*ended);
        return joined(std::in_place, ended->id, ended->take_expected());
    }
    static std::optional<result_type> without_id(joined&& next) {
        if (!next) { return std::nullopt; }
        return std::move(next->second);
    }
    static auto collect(join_set& set)
        -> task<std::conditional_t<std::is_void_v<T>, void, std::vector<detail::non_void_t<T>>>>;
    static task<> drain(join_set& set) {
        set.abort_all();
        for (;;) {  // not as a condition: GCC 12 at -O0 traps there
            auto next = co_await set.join_next();
            if (!next) { co_return; }
        }
    }
    std::unique_ptr<detail::join_queue> queue_;
};

/// The awaiter of join_set::join_next().
template <class T>
class join_set<T>::next_leaf : public detail::join_next_leaf<next_leaf> {
public:
    using detail::join_next_leaf<next_leaf>::join_next_leaf;
    /// For the await expression.
    std::optional<result_type> await_resume() { return without_id(take(this->finish())); }
};

/// The awaiter of join_set::join_next_with_id().
template <class T>
class join_set<T>::next_with_id_leaf : public detail::join_next_leaf<next_with_id_leaf> {
public:
    using detail::join_next_leaf<next_with_id_leaf>::join_next_leaf;
    /// For the await expression.
    std::optional<std::pair<task_id, result_type>> await_resume() { return take(this->finish()); }
};

template <class T>
auto join_set<T>::collect(join_set& set)
    -> task<std::conditional_t<std::is_void_v<T>, void, std::vector<detail::non_void_t<T>>>> {
    try {
        if constexpr (std::is_void_v<T>) {
            while (auto next = co_await set.join_next()) { unwrap(std::move(*next)); }
        } else {
            std::vector<T> all;
            all.reserve(set.size());
            while (auto next = co_await set.join_next()) {
                all.push_back(unwrap(std::move(*next)));
            }
            co_return all;
        }
    } catch (...) {
        set.abort_all();
        set.detach_all();
        throw;
    }
}

/// A set may change threads if the results may.
template <class T>
inline constexpr bool enable_sendable<join_set<T>> = sendable<T>;
/// A set owns its part of its tasks.
template <class T>
inline constexpr bool enable_owning<join_set<T>> = true;

}  // namespace edo
