/// A channel whose every message goes to every receiver.
#pragma once

#include <edo/coro/detail/thread_cell.hpp>
#include <edo/coro/owning.hpp>
#include <edo/coro/sendable.hpp>
#include <edo/sync/detail/broadcast_ring.hpp>

#include <expected>
#include <memory>
#include <source_location>
#include <utility>

namespace edo::detail {

template <class T>
class broadcast_recv;

}  // namespace edo::detail

namespace edo::sync {

template <class T>
class broadcast_sender;
template <class T>
class weak_broadcast_sender;
template <class T>
class broadcast_receiver;

/// Why a broadcast receiver got no message. As tokio::sync::broadcast::error::RecvError, TryRecvError.
class recv_error : public std::exception {
public:
    /// "channel is empty", "channel closed", "channel lagged".
    [[nodiscard]] const char* what() const noexcept override {
        if (is_lagged()) { return "channel lagged"; }
        return is_closed() ? "channel closed" : "channel is empty";
    }
    /// Messages were missed, the oldest ones; the next call gives the oldest that is left.
    [[nodiscard]] bool is_lagged() const noexcept { return lagged_ != 0; }
    /// How many messages were missed.
    [[nodiscard]] std::uint64_t lagged() const noexcept { return lagged_; }
    /// All messages were seen, and no sender is left.
    [[nodiscard]] bool is_closed() const noexcept { return is_closed_; }
    /// There is nothing now; only from try_recv().
    [[nodiscard]] bool is_empty() const noexcept { return !is_lagged() && !is_closed_; }

private:
    template <class>
    friend class broadcast_receiver;
    template <class>
    friend class detail::broadcast_recv;
    template <class T>
    static std::expected<T, recv_error> unwrap(typename detail::broadcast_ring<T>::found&& found) {
        if (found.value) { return std::move(*found.value); }
        return std::unexpected(recv_error(found.lagged, found.is_closed));
    }
    recv_error(std::uint64_t lagged, bool is_closed) noexcept
        : lagged_(lagged), is_closed_(is_closed) {}
    std::uint64_t lagged_;
    bool is_closed_;
};

}  // namespace edo::sync

namespace edo::detail {

/// Waits for the next message.
template <class T>
class broadcast_recv : public queue_wait<broadcast_recv<T>, broadcast_ring<T>*> {
public:
    broadcast_recv(broadcast_ring<T>& ring, std::uint64_t& next) noexcept
        : broadcast_recv::queue_wait(ring.queue, &ring), next_(&next) {}
    [[nodiscard]] bool ready() const noexcept { return this->owner_->is_ready(*next_); }
    std::expected<T, sync::recv_error> await_resume() {
        this->leave();
        return sync::recv_error::unwrap<T>(this->owner_->take(*next_));
    }

private:
    std::uint64_t* next_;
};

}  // namespace edo::detail

namespace edo::sync {

/// The end that receives every message from its making on, each once, in order, unless it lags behind
/// by more than the capacity.
///
/// Ownership      move-only; one that was moved from may only be assigned to or destroyed.
/// Thread safety  one thread at a time. T is copied under the channel's lock.
/// Source         tokio::sync::broadcast::Receiver.
template <class T>
class broadcast_receiver {
public:
    /// Takes the end over.
    broadcast_receiver(broadcast_receiver&& other) noexcept = default;
    /// Drops the own end and takes the other over.
    broadcast_receiver& operator=(broadcast_receiver&& other) noexcept {
        broadcast_receiver moved(std::move(other));
        std::swap(ring_, moved.ring_);
        std::swap(next_, moved.next_);
        return *this;
    }
    ~broadcast_receiver() {
        if (ring_) { ring_->remove_receiver(next_); }
    }

    /// Waits for the next message: std::expected<T, recv_error>. Borrows the receiver.
    ///
    /// Cancel safety  dropping the awaiter loses no message.
    [[nodiscard("co_await it")]] auto recv() noexcept {
        return detail::broadcast_recv<T>(*ring_, next_);
    }
    /// The next message, if it is there.
    std::expected<T, recv_error> try_recv() { return recv_error::unwrap<T>(ring_->take(next_)); }
    /// Waits on a plain thread, or in a blocking closure.
    ///
    /// Errors         throws std::logic_error inside a task, which must not block.
    std::expected<T, recv_error> blocking_recv(
        std::source_location where = std::source_location::current()) {
        return detail::wait_in_thread(recv(), "broadcast_receiver::blocking_recv()", where);
    }
    /// Another receiver, of the messages that are sent from now on.
    [[nodiscard]] broadcast_receiver resubscribe() const { return broadcast_receiver(ring_); }
    /// Messages that it has not seen; those that it has missed count as well.
    [[nodiscard]] std::size_t size() const noexcept { return ring_->pending(next_); }
    /// Whether it has seen all messages.
    [[nodiscard]] bool empty() const noexcept { return size() == 0; }
    /// Whether no sender is left.
    [[nodiscard]] bool is_closed() const noexcept { return !ring_->has_senders(); }
    /// Whether the two belong to the same channel.
    [[nodiscard]] bool same_channel(const broadcast_receiver& other) const noexcept {
        return ring_ == other.ring_;
    }

private:
    friend class broadcast_sender<T>;
    explicit broadcast_receiver(std::shared_ptr<detail::broadcast_ring<T>> ring) noexcept
        : ring_(std::move(ring)), next_(ring_->add_receiver()) {}
    std::shared_ptr<detail::broadcast_ring<T>> ring_;
    std::uint64_t next_;
};

/// The end that sends.
///
/// Ownership      copies send to the same receivers. One that was moved from may only be assigned to or
///                destroyed. When the last one is gone, receivers get `closed` after the last message.
/// Thread safety  every const member may be called from any thread.
/// Source         tokio::sync::broadcast::Sender.
template <class T>
class broadcast_sender {
public:
    /// Another sender.
    broadcast_sender(const broadcast_sender& other) noexcept : ring_(other.ring_) {
        if (ring_) { ring_->add_sender(); }
    }
    /// Takes the end over.
    broadcast_sender(broadcast_sender&& other) noexcept = default;
    /// Exchanges the ends.
    broadcast_sender& operator=(broadcast_sender other) noexcept {
        std::swap(ring_, other.ring_);
        return *this;
    }
    ~broadcast_sender() {
        if (ring_) { ring_->remove_sender(); }
    }

    /// Sends a message to all receivers that there are now. Never waits: the oldest message makes room.
    ///
    /// Returns        how many receivers there are, or the value if there is none.
    std::expected<std::size_t, T> send(T value) const {
        const std::size_t receivers = ring_->send(value);
        if (receivers == 0) { return std::unexpected(std::move(value)); }
        return receivers;
    }
    /// A receiver of the messages that are sent from now on.
    [[nodiscard]] broadcast_receiver<T> subscribe() const { return broadcast_receiver<T>(ring_); }
    /// Refers to the channel without keeping it open.
    [[nodiscard]] weak_broadcast_sender<T> downgrade() const noexcept {
        return weak_broadcast_sender<T>(ring_);
    }
    /// Waits until no receiver is left. Borrows the sender.
    ///
    /// Cancel safety  dropping the awaiter has no effect.
    [[nodiscard("co_await it")]] auto closed() const noexcept { return ring_->wait_unheard(); }
    /// Messages that are kept because some receiver has not seen them.
    [[nodiscard]] std::size_t size() const noexcept { return ring_->size(); }
    /// Whether there are none.
    [[nodiscard]] bool empty() const noexcept { return size() == 0; }
    /// How many receivers there are.
    [[nodiscard]] std::size_t receiver_count() const noexcept { return ring_->receivers(); }
    /// How many senders there are.
    [[nodiscard]] std::size_t sender_count() const noexcept { return ring_->senders(); }
    /// Whether the two belong to the same channel.
    [[nodiscard]] bool same_channel(const broadcast_sender& other) const noexcept {
        return ring_ == other.ring_;
    }

private:
    friend class weak_broadcast_sender<T>;
    template <class U>
    friend std::pair<broadcast_sender<U>, broadcast_receiver<U>> broadcast(std::size_t capacity);
    explicit broadcast_sender(std::shared_ptr<detail::broadcast_ring<T>> ring) noexcept
        : ring_(std::move(ring)) {}
    std::shared_ptr<detail::broadcast_ring<T>> ring_;
};

/// A sender that does not keep the channel open.
///
/// Source         tokio::sync::broadcast::WeakSender.
template <class T>
class weak_broadcast_sender {
public:
    /// A sender, if there is still one.
    [[nodiscard]] std::optional<broadcast_sender<T>> upgrade() const noexcept {
        if (!ring_->add_sender_if_any()) { return std::nullopt; }
        return broadcast_sender<T>(ring_);
    }

private:
    friend class broadcast_sender<T>;
    explicit weak_broadcast_sender(std::shared_ptr<detail::broadcast_ring<T>> ring) noexcept
        : ring_(std::move(ring)) {}
    std::shared_ptr<detail::broadcast_ring<T>> ring_;
};

/// `auto [tx, rx] = broadcast<T>(capacity)`: each message goes to each receiver. A receiver that is more
/// than `capacity` (rounded up to a power of two) messages behind misses the oldest ones. Throws
/// std::invalid_argument for 0, std::bad_alloc. As tokio::sync::broadcast::channel.
template <class T>
[[nodiscard]] std::pair<broadcast_sender<T>, broadcast_receiver<T>> broadcast(
    std::size_t capacity) {
    broadcast_sender<T> sender(std::make_shared<detail::broadcast_ring<T>>(capacity));
    auto receiver = sender.subscribe();
    return {std::move(sender), std::move(receiver)};
}

}  // namespace edo::sync

namespace edo {

/// The ends may change threads if the messages may.
template <class T>
inline constexpr bool enable_sendable<sync::broadcast_sender<T>> = sendable<T>;
template <class T>
inline constexpr bool enable_sendable<sync::broadcast_receiver<T>> = sendable<T>;
template <class T>
inline constexpr bool enable_sendable<sync::weak_broadcast_sender<T>> = sendable<T>;
template <class T>
inline constexpr bool enable_owning<sync::broadcast_sender<T>> = owning<T>;
template <class T>
inline constexpr bool enable_owning<sync::broadcast_receiver<T>> = owning<T>;
template <class T>
inline constexpr bool enable_owning<sync::weak_broadcast_sender<T>> = owning<T>;
/// It refers to its end.
template <class T>
inline constexpr bool enable_owning<detail::broadcast_recv<T>> = false;

}  // namespace edo
