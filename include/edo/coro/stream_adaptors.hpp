/// What makes streams of streams, and values of streams. All are lazy: nothing runs until the result is
/// asked or awaited. They are written as pipes:
///
///     auto squares = numbers() | edo::filter(is_odd) | edo::map(square) | edo::take(10);
///     auto all = co_await (std::move(squares) | edo::collect());
///
/// A stream on the left is taken over (an rvalue). Callables are called one at a time; what they throw
/// comes out of next(). References among the items are given as std::reference_wrapper. Each adaptor is one
/// coroutine frame and one small block. Cancel safety: that of stream::next().
/// Source: futures::StreamExt, tokio_stream::StreamExt, of which each has its name.
#pragma once

#include <edo/coro/stream.hpp>

#include <functional>
#include <optional>
#include <utility>
#include <vector>

namespace edo {
namespace detail {

/// What stands on the right of a pipe: F takes the stream.
template <class F>
struct stream_adaptor {
    F make;
};
template <class F>
stream_adaptor(F) -> stream_adaptor<F>;

template <class T>
using item_t = typename stream<T>::value_type;

}  // namespace detail

/// Gives the stream to the adaptor.
template <class T, class F>
[[nodiscard]] auto operator|(stream<T>&& from, detail::stream_adaptor<F> adaptor) {
    return std::move(adaptor.make)(std::move(from));
}

/// f(item) for each item.
template <class F>
[[nodiscard]] auto map(F f) {
    return detail::stream_adaptor{[f = std::move(f)]<class T>(stream<T>&& items) mutable {
        using result = std::decay_t<std::invoke_result_t<F&, detail::item_t<T>>>;
        return [](stream<T> from, F call) -> stream<result> {
            for (;;) {
                auto next = co_await from.next();
                if (!next) { co_return; }
                result made = std::invoke(call, std::move(*next));
                co_yield std::move(made);
            }
        }(std::move(items), std::move(f));
    }};
}

/// What the task f(item) gives, for each item, one after the other.
template <class F>
[[nodiscard]] auto then(F f) {
    return detail::stream_adaptor{[f = std::move(f)]<class T>(stream<T>&& items) mutable {
        using result = detail::as_task_value_t<std::invoke_result_t<F&, detail::item_t<T>>>;
        return [](stream<T> from, F call) -> stream<result> {
            for (;;) {
                auto next = co_await from.next();
                if (!next) { co_return; }
                result made = co_await std::invoke(call, std::move(*next));
                co_yield std::move(made);
            }
        }(std::move(items), std::move(f));
    }};
}

/// The values of the optionals f(item), without the empty ones.
template <class F>
[[nodiscard]] auto filter_map(F f) {
    return detail::stream_adaptor{[f = std::move(f)]<class T>(stream<T>&& items) mutable {
        using result = typename std::invoke_result_t<F&, detail::item_t<T>>::value_type;
        return [](stream<T> from, F call) -> stream<result> {
            for (;;) {
                auto next = co_await from.next();
                if (!next) { co_return; }
                auto made = std::invoke(call, std::move(*next));
                if (made) { co_yield std::move(*made); }
            }
        }(std::move(items), std::move(f));
    }};
}

/// The values of the optionals f(item), until the first empty one.
template <class F>
[[nodiscard]] auto map_while(F f) {
    return detail::stream_adaptor{[f = std::move(f)]<class T>(stream<T>&& items) mutable {
        using result = typename std::invoke_result_t<F&, detail::item_t<T>>::value_type;
        return [](stream<T> from, F call) -> stream<result> {
            for (;;) {
                auto next = co_await from.next();
                if (!next) { co_return; }
                auto made = std::invoke(call, std::move(*next));
                if (!made) { co_return; }
                co_yield std::move(*made);
            }
        }(std::move(items), std::move(f));
    }};
}

namespace detail {

/// What an adaptor does with an item.
enum class verdict_on_item { give, leave_out, end };

/// The items for which `judge(item)` says so.
template <class T, class Judge>
stream<item_t<T>> judged(stream<T> from, Judge judge) {
    for (;;) {
        auto next = co_await from.next();
        if (!next) { co_return; }
        const verdict_on_item verdict = judge(std::as_const(*next));
        if (verdict == verdict_on_item::end) { co_return; }
        if (verdict == verdict_on_item::give) { co_yield std::move(*next); }
    }
}

template <class Judge>
auto judging(Judge judge) {
    return stream_adaptor{[judge = std::move(judge)]<class T>(stream<T>&& items) mutable {
        return judged(std::move(items), std::move(judge));
    }};
}

}  // namespace detail

/// The items for which keeps(item) is true.
template <class Predicate>
[[nodiscard]] auto filter(Predicate keeps) {
    using enum detail::verdict_on_item;
    return detail::judging([keeps = std::move(keeps)](const auto& item) mutable {
        return std::invoke(keeps, item) ? give : leave_out;
    });
}

/// The items before the first one for which goes_on(item) is false.
template <class Predicate>
[[nodiscard]] auto take_while(Predicate goes_on) {
    using enum detail::verdict_on_item;
    return detail::judging([goes_on = std::move(goes_on)](const auto& item) mutable {
        return std::invoke(goes_on, item) ? give : end;
    });
}

/// The items from the first one on for which skips(item) is false.
template <class Predicate>
[[nodiscard]] auto skip_while(Predicate skips) {
    using enum detail::verdict_on_item;
    return detail::judging([skips = std::move(skips), is_over = false](const auto& item) mutable {
        is_over = is_over || !std::invoke(skips, item);
        return is_over ? give : leave_out;
    });
}

/// All items but the first n.
[[nodiscard]] inline auto skip(std::size_t n) {
    using enum detail::verdict_on_item;
    return detail::judging([n](const auto&) mutable { return n == 0 ? give : (--n, leave_out); });
}

/// The first n items. The stream is not asked for one more.
[[nodiscard]] inline auto take(std::size_t n) {
    return detail::stream_adaptor{[n]<class T>(stream<T>&& items) {
        return [](stream<T> from, std::size_t left) -> stream<detail::item_t<T>> {
            for (; left != 0; --left) {
                auto next = co_await from.next();
                if (!next) { co_return; }
                co_yield std::move(*next);
            }
        }(std::move(items), n);
    }};
}

/// Vectors of n items, the last one of the rest. n = 0 counts as 1.
[[nodiscard]] inline auto chunks(std::size_t n) {
    return detail::stream_adaptor{[n]<class T>(stream<T>&& items) {
        using chunk = std::vector<detail::item_t<T>>;
        return [](stream<T> from, std::size_t size) -> stream<chunk> {
            for (;;) {
                chunk gathered;
                do {
                    auto next = co_await from.next();
                    if (!next) { break; }
                    gathered.push_back(std::move(*next));
                } while (gathered.size() < size);
                if (gathered.empty()) { co_return; }
                const bool is_last = gathered.size() < size;
                co_yield std::move(gathered);
                if (is_last) { co_return; }
            }
        }(std::move(items), n);
    }};
}

/// The items, then those of `second`.
template <class T>
[[nodiscard]] auto chain(stream<T> second) {
    return detail::stream_adaptor{[second = std::move(second)](stream<T>&& items) mutable {
        return [](stream<T> first, stream<T> last) -> stream<detail::item_t<T>> {
            for (stream<T>* from : {&first, &last}) {
                for (;;) {
                    auto next = co_await from->next();
                    if (!next) { break; }
                    co_yield std::move(*next);
                }
            }
        }(std::move(items), std::move(second));
    }};
}

/// The items as full optionals, then one that is empty: so that a stream among others tells its end. As
/// tokio_stream::StreamNotifyClose.
[[nodiscard]] inline auto notify_close() {
    return detail::stream_adaptor{[]<class T>(stream<T>&& items) {
        using item = std::optional<detail::item_t<T>>;
        return [](stream<T> from) -> stream<item> {
            for (bool is_end = false; !is_end;) {
                item next = co_await from.next();
                is_end = !next;
                co_yield std::move(next);
            }
        }(std::move(items));
    }};
}

/// A task that gives f(…f(f(first, item1), item2)…).
template <class V, class F>
[[nodiscard]] auto fold(V first, F f) {
    return detail::stream_adaptor{
        [first = std::move(first), f = std::move(f)]<class T>(stream<T>&& items) mutable {
            return [](stream<T> from, V value, F call) -> task<V> {
                for (;;) {
                    auto next = co_await from.next();
                    if (!next) { co_return value; }
                    value = std::invoke(call, std::move(value), std::move(*next));
                }
            }(std::move(items), std::move(first), std::move(f));
        }};
}

/// A task that gives a std::vector of all items.
[[nodiscard]] inline auto collect() {
    return detail::stream_adaptor{[]<class T>(stream<T>&& items) {
        return [](stream<T> from) -> task<std::vector<detail::item_t<T>>> {
            std::vector<detail::item_t<T>> all;
            for (;;) {
                auto next = co_await from.next();
                if (!next) { co_return all; }
                all.push_back(std::move(*next));
            }
        }(std::move(items));
    }};
}

/// A task that tells whether an item satisfies `predicate`; asks for none after the first that does.
template <class Predicate>
[[nodiscard]] auto any(Predicate predicate) {
    return detail::stream_adaptor{
        [predicate = std::move(predicate)]<class T>(stream<T>&& items) mutable {
            return [](stream<T> from, Predicate holds) -> task<bool> {
                for (;;) {
                    auto next = co_await from.next();
                    if (!next) { co_return false; }
                    if (std::invoke(holds, std::move(*next))) { co_return true; }
                }
            }(std::move(items), std::move(predicate));
        }};
}

/// A task that tells whether all items satisfy `predicate`; asks for none after the first that does not.
template <class Predicate>
[[nodiscard]] auto all(Predicate predicate) {
    return detail::stream_adaptor{
        [predicate = std::move(predicate)]<class T>(stream<T>&& items) mutable {
            return [](stream<T> from, Predicate holds) -> task<bool> {
                for (;;) {
                    auto next = co_await from.next();
                    if (!next) { co_return true; }
                    if (!std::invoke(holds, std::move(*next))) { co_return false; }
                }
            }(std::move(items), std::move(predicate));
        }};
}

}  // namespace edo
