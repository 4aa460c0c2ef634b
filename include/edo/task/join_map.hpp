/// Tasks with keys, joined in the order in which they end.
#pragma once

#include <edo/task/join_set.hpp>

#include <functional>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

namespace edo {

/// A join_set whose tasks have keys. A key that is used again aborts its task and takes its place: the
/// result of the old one is never given. As tokio_util::task::JoinMap.
///
/// Destruction    aborts all tasks, without waiting for them.
/// Cancel safety  a dropped join_next() loses no result.
/// Exceptions     std::bad_alloc, and what copying a key throws: then no task was started, or it is
///                aborted. Hash and Equal must not throw.
/// Thread safety  one thread at a time.
template <class K, class V, class Hash = std::hash<K>, class Equal = std::equal_to<K>>
class join_map {
public:
    /// The type of the keys.
    using key_type = K;
    /// What a joined task gives.
    using result_type = std::expected<V, join_error>;
    /// The same with its key.
    using value_type = std::pair<K, result_type>;

    /// An empty map. Throws std::bad_alloc.
    join_map() = default;

    /// Starts a task under `key`; see edo::spawn.
    template <class F, class... Args>
        requires(spawnable<F, Args...> && std::same_as<detail::spawn_result_t<F, Args...>, V>)
    abort_handle spawn(K key, F&& f, Args&&... args) {
        return insert(std::move(key), [&] {
            return tasks_.spawn(std::forward<F>(f), std::forward<Args>(args)...);
        });
    }
    /// Refused: the message names the rule, the argument and the fix.
    template <class F, class... Args,
              class Why = detail::refusal_as<"edo::join_map::spawn", detail::k_send, V, F, Args...>>
    auto spawn(K, F&&, Args&&...);

    /// The same on the runtime of `handle`, a runtime_handle.
    template <class Handle, class F, class... Args>
        requires(spawnable<F, Args...> && std::same_as<detail::spawn_result_t<F, Args...>, V>)
    abort_handle spawn_on(const Handle& handle, K key, F&& f, Args&&... args) {
        return insert(std::move(key), [&] {
            return tasks_.spawn_on(handle, std::forward<F>(f), std::forward<Args>(args)...);
        });
    }
    /// Starts a local task under `key`; see edo::spawn_local.
    template <class F, class... Args>
        requires(spawnable_local<F, Args...> && std::same_as<detail::spawn_result_t<F, Args...>, V>)
    abort_handle spawn_local(K key, F&& f, Args&&... args) {
        return insert(std::move(key), [&] {
            return tasks_.spawn_local(std::forward<F>(f), std::forward<Args>(args)...);
        });
    }
    /// Starts a blocking closure under `key`; see edo::spawn_blocking.
    template <class F, class... Args>
        requires(spawnable_blocking<F, Args...> &&
                 std::same_as<detail::blocking_result_t<F, Args...>, V>)
    abort_handle spawn_blocking(K key, F&& f, Args&&... args) {
        return insert(std::move(key), [&] {
            return tasks_.spawn_blocking(std::forward<F>(f), std::forward<Args>(args)...);
        });
    }

    /// The next task that ends: its key and its result; nothing if the map is empty. The map must
    /// outlive it.
    [[nodiscard("co_await it")]] task<std::optional<value_type>> join_next() { return next(*this); }
    /// A task that has ended, or nothing; never waits, spends no budget.
    [[nodiscard]] std::optional<value_type> try_join_next() {
        while (auto ended = tasks_.try_join_next_with_id()) {
            if (auto found = take(std::move(*ended))) { return found; }
        }
        return std::nullopt;
    }
    /// `co_await shutdown()` aborts all tasks and waits until they have ended.
    [[nodiscard("co_await it")]] task<> shutdown() { return drain(*this); }
    /// Asks for the end of the task under `key`; it stays until it is joined. Whether there is one.
    bool abort(const K& key) {
        const auto found = entries_.find(key);
        if (found == entries_.end()) { return false; }
        found->second.task.abort();
        return true;
    }
    /// The same for each task whose key satisfies `matches`.
    template <class Predicate>
    void abort_matching(Predicate matches) {
        for (auto& [key, running] : entries_) {
            if (matches(key)) { running.task.abort(); }
        }
    }
    /// Asks for the end of all tasks; they stay until they are joined.
    void abort_all() noexcept { tasks_.abort_all(); }
    /// Gives all tasks up; they go on by themselves. The map is empty afterwards.
    void detach_all() noexcept {
        tasks_.detach_all();
        keys_.clear();
        entries_.clear();
    }
    /// Whether there is a task under `key` that is not joined.
    [[nodiscard]] bool contains_key(const K& key) const { return entries_.contains(key); }
    /// The keys of the tasks that are not joined, in no order.
    [[nodiscard]] std::vector<K> keys() const {
        std::vector<K> all;
        all.reserve(entries_.size());
        for (const auto& each : entries_) { all.push_back(each.first); }
        return all;
    }
    /// Tasks that are not joined; replaced ones do not count.
    [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
    /// Whether there are none.
    [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }

private:
    struct entry {
        abort_handle task;
    };
    using entries = std::unordered_map<K, entry, Hash, Equal>;
    using joined = std::pair<task_id, result_type>;

    template <class Start>
    abort_handle insert(K key, Start start) {
        remove(key);
        const auto place = entries_.try_emplace(std::move(key)).first;
        try {
            abort_handle& made = place->second.task = start();
            keys_.emplace(made.id(), place->first);
            return made;
        } catch (...) {
            place->second.task.abort();
            entries_.erase(place);
            throw;
        }
    }
    /// Aborts the task under `key`, if there is one; its result is not given.
    void remove(const K& key) {
        const auto found = entries_.find(key);
        if (found == entries_.end()) { return; }
        found->second.task.abort();
        keys_.erase(found->second.task.id());
        entries_.erase(found);
    }
    /// What a task that has ended gives; nothing if it was replaced.
    std::optional<value_type> take(joined&& ended) {
        const auto id = keys_.find(ended.first);
        if (id == keys_.end()) { return std::nullopt; }
        auto node = entries_.extract(id->second.get());
        keys_.erase(id);
        return value_type(std::move(node.key()), std::move(ended.second));
    }
    static task<> drain(join_map& map) {
        map.keys_.clear();
        map.entries_.clear();
        co_await map.tasks_.shutdown();
    }
    static task<std::optional<value_type>> next(join_map& map) {
        while (!map.empty()) {
            auto ended = co_await map.tasks_.join_next_with_id();
            auto found = map.take(std::move(*ended));
            if (found) { co_return found; }
        }
        co_return std::nullopt;
    }
    join_set<V> tasks_;
    entries entries_;
    std::unordered_map<task_id, std::reference_wrapper<const K>> keys_;  ///< of living entries
};

/// A map may change threads if the keys and the results may.
template <class K, class V, class Hash, class Equal>
inline constexpr bool enable_sendable<join_map<K, V, Hash, Equal>> = sendable<K> && sendable<V>;
/// A map owns its part of its tasks.
template <class K, class V, class Hash, class Equal>
inline constexpr bool enable_owning<join_map<K, V, Hash, Equal>> = owning<K>;

}  // namespace edo
