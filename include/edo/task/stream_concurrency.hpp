/// Streams that wait for several things at once, in turns within one task.
#pragma once

#include <edo/coro/stream_adaptors.hpp>
#include <edo/task/join_set.hpp>
#include <edo/task/select.hpp>

#include <deque>
#include <stdexcept>
#include <unordered_map>

namespace edo {
namespace detail {

/// Lets a stream begin with its next item, without waiting for it.
template <class T>
class stream_start : public leaf_base {
public:
    explicit stream_start(stream<T>& s) : next_(s.next()) {}
    using leaf_base::await_suspend;
    [[nodiscard]] bool await_ready() const noexcept { return next_.await_ready(); }
    template <edo_promise Promise>
    bool await_suspend(std::coroutine_handle<Promise> waiter) {
        static_cast<void>(next_.await_suspend(waiter));
        next_.disarm();
        current_branch(this_context()).wait_on(nullptr);
        return false;
    }
    void await_resume() const noexcept {}

private:
    stream_next<T> next_;
};

/// What a task gives, as the only item.
template <class T>
stream<T> once(task<T> t) {
    T value = co_await std::move(t);
    co_yield std::move(value);
}

}  // namespace detail

/// The results of a set's tasks, in the order of their ends, until it is empty: stream of
/// std::expected<T, join_error>.
template <class T>
[[nodiscard]] stream<typename join_set<T>::result_type> stream_from(join_set<T> set) {
    for (;;) {
        auto next = co_await set.join_next();
        if (!next) { co_return; }
        co_yield std::move(*next);
    }
}

/// The items of both, as they come; neither is preferred. Ends with the second one that ends.
template <class T>
[[nodiscard]] auto merge(stream<T> other) {
    return detail::stream_adaptor{[other = std::move(other)](stream<T>&& items) mutable {
        return [](stream<T> a, stream<T> b) -> stream<detail::item_t<T>> {
            stream<T>* left = nullptr;
            while (left == nullptr) {
                auto either = co_await select(a.next(), b.next());
                const bool is_first = either.index() == 0;
                auto& next = is_first ? std::get<0>(either) : std::get<1>(either);
                if (next) {
                    co_yield std::move(*next);
                } else {
                    left = is_first ? &b : &a;
                }
            }
            for (;;) {
                auto next = co_await left->next();
                if (!next) { co_return; }
                co_yield std::move(*next);
            }
        }(std::move(items), std::move(other));
    }};
}

namespace detail {

inline void check_window(std::size_t n) {
    if (n == 0) { throw std::invalid_argument("edo: a buffered stream needs room for one task"); }
}

/// Fills the window, which holds tasks that run.
template <class T>
task<bool> fill(std::deque<stream<T>>& window, stream<task<T>>& from, std::size_t n) {
    while (window.size() < n) {
        auto next = co_await from.next();
        if (!next) { co_return true; }
        window.push_back(once(std::move(*next)));
        co_await stream_start<T>(window.back());
    }
    co_return false;
}

}  // namespace detail

/// The results of a stream of tasks, in its order; up to n of them run at once, within this task. It
/// belongs to the task that asks first. Throws std::invalid_argument for 0.
[[nodiscard]] inline auto buffered(std::size_t n) {
    detail::check_window(n);
    return detail::stream_adaptor{[n]<class T>(stream<task<T>>&& items) {
        return [](stream<task<T>> from, std::size_t size) -> stream<T> {
            std::deque<stream<T>> window;
            for (bool is_over = false;;) {
                if (!is_over) { is_over = co_await detail::fill(window, from, size); }
                if (window.empty()) { co_return; }
                auto next = co_await window.front().next();
                window.pop_front();
                co_yield std::move(*next);
            }
        }(std::move(items), n);
    }};
}

/// The same in the order in which they end.
[[nodiscard]] inline auto buffer_unordered(std::size_t n) {
    detail::check_window(n);
    return detail::stream_adaptor{[n]<class T>(stream<task<T>>&& items) {
        return [](stream<task<T>> from, std::size_t size) -> stream<T> {
            std::deque<stream<T>> window;
            for (bool is_over = false;;) {
                if (!is_over) { is_over = co_await detail::fill(window, from, size); }
                if (window.empty()) { co_return; }
                std::vector<detail::stream_next<T>> waits;
                for (auto& each : window) { waits.push_back(each.next()); }
                auto won = co_await select_all(waits);
                window.erase(window.begin() + static_cast<std::ptrdiff_t>(won.first));
                co_yield std::move(*won.second);
            }
        }(std::move(items), n);
    }};
}

/// Streams with keys, asked at once. As tokio_stream::StreamMap.
///
/// Thread safety  one thread at a time; it belongs to the task that asks.
template <class K, class T>
class stream_map {
public:
    /// What next() gives an optional of.
    using value_type = std::pair<K, detail::item_t<T>>;
    /// Adds a stream; one under the same key is destroyed.
    void insert(K key, stream<T> from) {
        streams_.insert_or_assign(std::move(key), std::move(from));
    }
    /// Takes the stream of `key` out; an ended one if there is none.
    stream<T> remove(const K& key) {
        auto found = streams_.extract(key);
        return found ? std::move(found.mapped()) : stream<T>();
    }
    /// Whether there is a stream of `key`.
    [[nodiscard]] bool contains(const K& key) const { return streams_.contains(key); }
    /// The number of streams that have not ended, as far as next() has seen.
    [[nodiscard]] std::size_t size() const noexcept { return streams_.size(); }
    /// Whether there is none.
    [[nodiscard]] bool empty() const noexcept { return streams_.empty(); }
    /// The next item of any of them, with its key; streams that have ended are removed. Nothing if none is
    /// left. The map must outlive it, and must not change meanwhile. Dropped, it loses no item.
    [[nodiscard("co_await it")]] task<std::optional<value_type>> next() { return ask(*this); }

private:
    static task<std::optional<value_type>> ask(stream_map& map) {
        while (!map.empty()) {
            std::vector<detail::stream_next<T>> waits;
            std::vector<typename std::unordered_map<K, stream<T>>::iterator> at;
            for (auto i = map.streams_.begin(); i != map.streams_.end(); ++i) {
                waits.push_back(i->second.next());
                at.push_back(i);
            }
            auto won = co_await select_all(waits);
            auto from = at[won.first];
            if (won.second) { co_return value_type(from->first, std::move(*won.second)); }
            map.streams_.erase(from);
        }
        co_return std::nullopt;
    }
    std::unordered_map<K, stream<T>> streams_;
};

}  // namespace edo
