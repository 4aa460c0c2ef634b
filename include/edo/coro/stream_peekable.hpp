/// A stream whose next item can be looked at before it is taken.
#pragma once

#include <edo/coro/stream_adaptors.hpp>
#include <edo/coro/task.hpp>

#include <functional>
#include <optional>
#include <utility>

namespace edo {

/// What peekable() makes of a stream. Its tasks refer to it.
///
/// Ownership      move-only, between its tasks.
/// Thread safety  one thread at a time.
/// Cancel safety  no item is lost: that of stream::next().
/// Exceptions     what the stream throws, once.
/// Allocation     a coroutine for each call.
/// Source         futures::stream::Peekable.
template <class T>
class peekable_stream {
public:
    /// What next() gives an optional of.
    using value_type = detail::item_t<T>;
    /// Takes the stream.
    explicit peekable_stream(stream<T> from) noexcept : from_(std::move(from)) {}

    /// The next item, which stays; null at the end. Valid until the next call of another member.
    [[nodiscard]] task<value_type*> peek() {
        if (!ahead_) { ahead_ = co_await from_.next(); }
        co_return *ahead_ ? &**ahead_ : nullptr;
    }
    /// Takes the next item; nothing at the end.
    [[nodiscard]] task<std::optional<value_type>> next() {
        if (!ahead_) { co_return co_await from_.next(); }
        std::optional<value_type> item = std::move(*ahead_);
        ahead_.reset();
        co_return item;
    }
    /// Takes the next item if wanted(item) is true; else it stays, and this gives nothing.
    template <class Predicate>
    [[nodiscard]] task<std::optional<value_type>> next_if(Predicate wanted) {
        const value_type* item = co_await peek();
        if (item == nullptr || !std::invoke(wanted, *item)) { co_return std::nullopt; }
        co_return co_await next();
    }

private:
    stream<T> from_;
    std::optional<std::optional<value_type>> ahead_;
};

/// A peekable_stream of the stream.
[[nodiscard]] inline auto peekable() {
    return detail::stream_adaptor{
        []<class T>(stream<T>&& items) { return peekable_stream<T>(std::move(items)); }};
}

}  // namespace edo
