/// Streams that begin here. Those of channels, intervals and sets stand beside these.
#pragma once

#include <edo/coro/detail/wait_queue.hpp>
#include <edo/coro/stream.hpp>

#include <ranges>
#include <utility>

namespace edo {
namespace detail {

/// What never comes.
struct never {
    wait_queue queue;
    [[nodiscard]] bool is_over() const noexcept { return false; }
};

}  // namespace detail

/// The elements of a range, one after the other; a container given as an rvalue is taken over, one given as
/// an lvalue is referred to.
template <std::ranges::input_range R>
[[nodiscard]] auto stream_from(R&& range) {
    using items = std::views::all_t<R>;
    return [](items from) -> stream<std::ranges::range_value_t<items>> {
        for (auto&& each : from) {
            std::ranges::range_value_t<items> item(std::forward<decltype(each)>(each));
            co_yield std::move(item);
        }
    }(std::views::all(std::forward<R>(range)));
}

/// One item. As tokio_stream::once.
template <class T>
[[nodiscard]] stream<T> stream_once(T item) {
    co_yield std::move(item);
}

/// No item, but the end at once. As tokio_stream::empty.
template <class T>
[[nodiscard]] stream<T> stream_empty() {
    return {};
}

/// No item, and no end. As tokio_stream::pending.
template <class T>
[[nodiscard]] stream<T> stream_pending() {
    detail::never it;
    co_await detail::until_leaf<detail::never, &detail::never::is_over>(it.queue, &it);
}

}  // namespace edo
