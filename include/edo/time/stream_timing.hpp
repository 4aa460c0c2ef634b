/// Streams and the clock.
#pragma once

#include <edo/coro/stream_adaptors.hpp>
#include <edo/time/interval.hpp>
#include <edo/time/timeout.hpp>

namespace edo {

/// The ticks of an interval, without end. The interval must outlive the stream.
[[nodiscard]] inline stream<clock::time_point> stream_from(interval& ticks) {
    for (;;) {
        auto tick = co_await ticks.tick();
        co_yield std::move(tick);
    }
}

namespace detail {

template <class T>
stream<std::expected<item_t<T>, elapsed>> timed(stream<T> from, clock::duration d, bool repeats) {
    for (;;) {
        auto in_time = co_await timeout(d, from.next());
        while (!in_time) {
            std::expected<item_t<T>, elapsed> late(std::unexpect);
            co_yield std::move(late);
            if (repeats) {
                in_time = co_await timeout(d, from.next());
            } else {
                in_time = co_await from.next();
            }
        }
        if (!*in_time) { co_return; }
        std::expected<item_t<T>, elapsed> item(std::move(**in_time));
        co_yield std::move(item);
    }
}

}  // namespace detail

/// The items as std::expected<T, elapsed>; `elapsed` stands where one has not come within d, once for each
/// item. As tokio_stream::StreamExt::timeout.
template <class Rep, class Period>
[[nodiscard]] auto timeout(std::chrono::duration<Rep, Period> d) {
    return detail::stream_adaptor{[d = detail::saturate(d)]<class T>(stream<T>&& items) {
        return detail::timed(std::move(items), d, false);
    }};
}

/// The same with one `elapsed` for each d.
template <class Rep, class Period>
[[nodiscard]] auto timeout_repeating(std::chrono::duration<Rep, Period> d) {
    return detail::stream_adaptor{[d = detail::saturate(d)]<class T>(stream<T>&& items) {
        return detail::timed(std::move(items), d, true);
    }};
}

/// The items, each at least d after the one before.
template <class Rep, class Period>
[[nodiscard]] auto throttle(std::chrono::duration<Rep, Period> d) {
    return detail::stream_adaptor{[d = detail::saturate(d)]<class T>(stream<T>&& items) {
        return [](stream<T> from, clock::duration pause) -> stream<detail::item_t<T>> {
            for (;;) {
                auto next = co_await from.next();
                if (!next) { co_return; }
                auto wait = sleep_for(pause);
                co_yield std::move(*next);
                co_await wait;
            }
        }(std::move(items), d);
    }};
}

/// Vectors of n items, or of those that came within d of the first one. n = 0 counts as 1.
template <class Rep, class Period>
[[nodiscard]] auto chunks_timeout(std::size_t n, std::chrono::duration<Rep, Period> d) {
    return detail::stream_adaptor{[n, d = detail::saturate(d)]<class T>(stream<T>&& items) {
        using chunk = std::vector<detail::item_t<T>>;
        return [](stream<T> from, std::size_t size, clock::duration longest) -> stream<chunk> {
            for (bool is_over = false; !is_over;) {
                chunk gathered;
                auto first = co_await from.next();
                if (!first) { co_return; }
                gathered.push_back(std::move(*first));
                const auto deadline = detail::deadline_after(longest);
                while (gathered.size() < size) {
                    auto next = co_await timeout_at(deadline, from.next());
                    if (!next) { break; }
                    is_over = !next->has_value();
                    if (is_over) { break; }
                    gathered.push_back(std::move(**next));
                }
                co_yield std::move(gathered);
            }
        }(std::move(items), n, d);
    }};
}

}  // namespace edo
