/// What comes out of a channel, as a stream. The receiver is taken over.
#pragma once

#include <edo/coro/stream.hpp>
#include <edo/sync/broadcast.hpp>
#include <edo/sync/mpmc.hpp>
#include <edo/sync/mpsc.hpp>
#include <edo/sync/watch.hpp>

namespace edo {

/// The messages of the channel, until its end.
template <class T>
[[nodiscard]] stream<T> stream_from(sync::mpsc_receiver<T> from) {
    for (;;) {
        auto next = co_await from.recv();
        if (!next) { co_return; }
        co_yield std::move(*next);
    }
}

/// The messages that this receiver gets, until the end of the channel.
template <class T>
[[nodiscard]] stream<T> stream_from(sync::mpmc_receiver<T> from) {
    for (;;) {
        auto next = co_await from.recv();
        if (!next) { co_return; }
        co_yield std::move(*next);
    }
}

/// The messages, until the channel is closed: std::expected with a recv_error where some were missed.
template <class T>
[[nodiscard]] stream<std::expected<T, sync::recv_error>> stream_from(
    sync::broadcast_receiver<T> from) {
    for (;;) {
        auto next = co_await from.recv();
        if (!next && !next.error().is_lagged()) { co_return; }
        co_yield std::move(next);
    }
}

/// The value that is there, then a copy of each that is seen to be new, until the last sender is gone.
template <class T>
[[nodiscard]] stream<T> stream_from(sync::watch_receiver<T> from) {
    for (;;) {
        T value = *from.borrow_and_update();
        co_yield std::move(value);
        const auto changed = co_await from.changed();
        if (!changed) { co_return; }
    }
}

}  // namespace edo
