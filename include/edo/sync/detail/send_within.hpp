/// A send with a limit of time that gives the value back.
#pragma once

#include <edo/coro/task.hpp>
#include <edo/sync/channel_errors.hpp>
#include <edo/time/timeout.hpp>

#include <expected>
#include <utility>

namespace edo::detail {

/// Reserves a place within `d`, then sends. Borrows the sender.
template <class Sender, class T, class Duration>
task<std::expected<void, sync::send_timeout_error<T>>> send_within(const Sender& to, T value,
                                                                   Duration d) {
    using error = sync::send_timeout_error<T>;
    using result = std::expected<void, error>;
    auto permit = co_await timeout(d, to.reserve());
    if (!permit) { co_return result(std::unexpect, error::reason::timeout, std::move(value)); }
    if (!*permit) { co_return result(std::unexpect, error::reason::closed, std::move(value)); }
    (*permit)->send(std::move(value));
    co_return result();
}

}  // namespace edo::detail
