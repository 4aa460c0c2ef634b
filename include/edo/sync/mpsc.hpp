/// A queue with many senders and one receiver, bounded or not.
#pragma once

#include <edo/coro/detail/thread_cell.hpp>
#include <edo/sync/detail/mpsc_sender_base.hpp>
#include <edo/sync/detail/send_within.hpp>
#include <edo/sync/mpsc_permit.hpp>

#include <source_location>
#include <stdexcept>
#include <utility>
#include <vector>

namespace edo::sync {

template <class T>
class mpsc_sender;
template <class T>
class mpsc_unbounded_sender;

/// A sender that does not keep the channel open: `upgrade() -> std::optional<mpsc_sender<T>>` works
/// while there is another sender. Copyable, from any thread. As tokio::sync::mpsc::WeakSender.
template <class T>
using weak_mpsc_sender = detail::mpsc_weak_sender<T, mpsc_sender<T>>;
/// The same for an unbounded channel. As tokio::sync::mpsc::WeakUnboundedSender.
template <class T>
using weak_mpsc_unbounded_sender = detail::mpsc_weak_sender<T, mpsc_unbounded_sender<T>>;

/// The end of a bounded channel that sends. Copies send to the same receiver; the channel ends when
/// the last one is gone. Values of one sender arrive in order; senders that wait for room are
/// served first come, first served. For a limit of time: send_timeout().
///
/// Thread safety  one thread at a time; copies are independent.
/// Source         tokio::sync::mpsc::Sender.
template <class T>
class mpsc_sender : public detail::mpsc_sender_base<T> {
public:
    /// Waits for room, then sends.
    ///
    /// Returns        nothing, or the value if the receiver is gone or has closed. A success does
    ///                not mean that the value will be received.
    /// Errors         throws std::bad_alloc if the queue cannot grow; the place is free again.
    /// Cancel safety  dropping it gives up the place in the queue and destroys the value; use
    ///                reserve() to keep the value.
    [[nodiscard("co_await it")]] auto send(T value) const {
        return detail::mpsc_send_leaf<T>(this->channel(), std::move(value));
    }
    /// Sends if there is room and nobody waits for it.
    ///
    /// Returns        nothing, or the value and why.
    /// Errors         as send().
    std::expected<void, try_send_error<T>> try_send(T value) const {
        detail::mpsc_value<T> stored(std::move(value));
        const auto result = this->channel().semaphore().try_acquire(1);
        if (result != attempt::granted) {
            return std::unexpected(try_send_error<T>(why(result), std::move(*stored)));
        }
        this->channel().push_or_give_back(std::move(stored));
        return {};
    }
    /// Waits for a place in the queue and keeps it.
    ///
    /// Returns        the permit, or `closed` if the receiver is gone or has closed.
    /// Cancel safety  dropping it gives up the place in the queue.
    [[nodiscard("co_await it")]] auto reserve() const noexcept {
        return detail::mpsc_reserve_leaf<T, mpsc_permit<T>>(this->channel(), 1);
    }
    /// Waits for `n` places at once.
    ///
    /// Returns        the permits, or `closed` if the receiver is gone or has closed, or if n is
    ///                more than max_capacity().
    /// Cancel safety  dropping it gives up the place in the queue.
    [[nodiscard("co_await it")]] auto reserve_many(std::size_t n) const noexcept {
        return detail::mpsc_reserve_leaf<T, mpsc_permits<T>>(this->channel(), n);
    }
    /// Takes a place if there is one and nobody waits for it.
    [[nodiscard]] std::expected<mpsc_permit<T>, try_reserve_error> try_reserve() const noexcept {
        return take_places<mpsc_permit<T>>(1);
    }
    /// Takes `n` places if they are there and nobody waits for them.
    [[nodiscard]] std::expected<mpsc_permits<T>, try_reserve_error> try_reserve_many(
        std::size_t n) const noexcept {
        return take_places<mpsc_permits<T>>(n);
    }
    /// send() that gives up when there is no room within d. The sender must outlive it.
    ///
    /// Returns        nothing, or the value if it was not sent.
    /// Errors         as send().
    /// Cancel safety  dropping it destroys the value and gives up the place in the queue.
    template <class Rep, class Period>
    [[nodiscard("co_await it")]] task<std::expected<void, send_timeout_error<T>>> send_timeout(
        T value, std::chrono::duration<Rep, Period> d) const {
        return detail::send_within(*this, std::move(value), d);
    }
    /// send() for a plain thread or a blocking closure. In the same queue.
    ///
    /// Errors         throws std::logic_error inside a task, which must not block; otherwise as send().
    std::expected<void, send_error<T>> blocking_send(
        T value, std::source_location where = std::source_location::current()) const {
        return detail::wait_in_thread(send(std::move(value)), "mpsc_sender::blocking_send()",
                                      where);
    }
    /// reserve() for a plain thread or a blocking closure. In the same queue.
    ///
    /// Errors         throws std::logic_error inside a task, which must not block.
    std::expected<mpsc_permit<T>, sync::closed> blocking_reserve(
        std::source_location where = std::source_location::current()) const {
        return detail::wait_in_thread(reserve(), "mpsc_sender::blocking_reserve()", where);
    }
    /// The number of places that are free now.
    [[nodiscard]] std::size_t capacity() const noexcept {
        return this->channel().semaphore().available();
    }
    /// The number of places that the channel was made with.
    [[nodiscard]] std::size_t max_capacity() const noexcept { return this->channel().capacity(); }
    /// A sender that does not keep the channel open.
    [[nodiscard]] weak_mpsc_sender<T> downgrade() const noexcept {
        return detail::mpsc_access::make<weak_mpsc_sender<T>>(this->channel());
    }

private:
    friend struct detail::mpsc_access;
    using attempt = detail::batch_semaphore::attempt;
    using detail::mpsc_sender_base<T>::mpsc_sender_base;
    static try_reserve_error::reason why(attempt result) noexcept {
        using reason = try_reserve_error::reason;
        return result == attempt::closed ? reason::closed : reason::full;
    }
    template <class Permits>
    std::expected<Permits, try_reserve_error> take_places(std::size_t n) const noexcept {
        const auto result = this->channel().semaphore().try_acquire(n);
        if (result != attempt::granted) { return std::unexpected(try_reserve_error(why(result))); }
        return Permits::adopt(this->channel(), n);
    }
};

/// The end of an unbounded channel that sends. As mpsc_sender, but send() never waits.
///
/// Thread safety  one thread at a time; copies are independent.
/// Source         tokio::sync::mpsc::UnboundedSender.
template <class T>
class mpsc_unbounded_sender : public detail::mpsc_sender_base<T> {
public:
    /// Sends at once.
    ///
    /// Returns        nothing, or the value if the receiver is gone or has closed.
    /// Errors         throws std::bad_alloc if the queue cannot grow.
    std::expected<void, send_error<T>> send(T value) const {
        detail::mpsc_value<T> stored(std::move(value));
        const auto result = this->channel().semaphore().try_acquire(1);
        if (result != detail::batch_semaphore::attempt::granted) {
            return std::unexpected(send_error<T>(std::move(*stored)));
        }
        this->channel().push_or_give_back(std::move(stored));
        return {};
    }
    /// A sender that does not keep the channel open.
    [[nodiscard]] weak_mpsc_unbounded_sender<T> downgrade() const noexcept {
        return detail::mpsc_access::make<weak_mpsc_unbounded_sender<T>>(this->channel());
    }

private:
    friend struct detail::mpsc_access;
    using detail::mpsc_sender_base<T>::mpsc_sender_base;
};

/// The end that receives, of a bounded or unbounded channel.
///
/// Ownership      move-only. Dropped, it closes the channel and destroys what is in the queue.
/// Thread safety  one thread at a time.
/// Source         tokio::sync::mpsc::Receiver, UnboundedReceiver.
template <class T>
class mpsc_receiver {
public:
    /// Takes the end over; the other one may only be assigned to or destroyed.
    mpsc_receiver(mpsc_receiver&& other) noexcept
        : channel_(std::exchange(other.channel_, nullptr)) {}
    /// Drops the own end and takes the other over.
    mpsc_receiver& operator=(mpsc_receiver&& other) noexcept {
        mpsc_receiver moved(std::move(other));
        std::swap(channel_, moved.channel_);
        return *this;
    }
    ~mpsc_receiver() {
        if (channel_ != nullptr) { channel_->drop_receiver(); }
    }

    /// Waits for the next value.
    ///
    /// Returns        the value, or nullopt at the end: all senders are gone, or close() was called
    ///                and no permit is out; and the queue is empty.
    /// Cancel safety  dropping it loses no value.
    [[nodiscard("co_await it")]] auto recv() noexcept {
        return detail::mpsc_recv_leaf<T>(*channel_);
    }
    /// Waits until there is a value, then appends up to `limit` of them to `out`.
    ///
    /// Returns        how many; 0 at the end, or if limit is 0.
    /// Errors         throws std::bad_alloc if `out` cannot grow; what is not in it stays in the queue.
    /// Cancel safety  dropping it loses no value.
    [[nodiscard("co_await it")]] auto recv_many(std::vector<T>& out, std::size_t limit) noexcept {
        return detail::mpsc_recv_many_leaf<T>(*channel_, out, limit);
    }
    /// The next value, if it is there.
    [[nodiscard]] std::expected<T, try_recv_error> try_recv() {
        if (!channel_->has_sent_value()) {
            if (!channel_->has_ended()) { return std::unexpected(try_recv_error::empty); }
            // what the last sender sent meanwhile
            if (!channel_->has_sent_value()) { return std::unexpected(try_recv_error::closed); }
        }
        typename detail::mpsc_channel<T>::taken_count permit(*channel_);
        return std::move(*typename detail::mpsc_channel<T>::taken(permit));
    }
    /// recv() for a plain thread or a blocking closure.
    ///
    /// Errors         throws std::logic_error inside a task, which must not block.
    std::optional<T> blocking_recv(std::source_location where = std::source_location::current()) {
        return detail::wait_in_thread(recv(), "mpsc_receiver::blocking_recv()", where);
    }
    /// recv_many() for a plain thread or a blocking closure.
    ///
    /// Errors         throws std::logic_error inside a task, which must not block.
    std::size_t blocking_recv_many(std::vector<T>& out, std::size_t limit,
                                   std::source_location where = std::source_location::current()) {
        return detail::wait_in_thread(recv_many(out, limit), "mpsc_receiver::blocking_recv_many()",
                                      where);
    }
    /// Lets no more values in. What is in the queue, and what permits that are out will send, can
    /// still be received.
    void close() noexcept { channel_->close(); }
    /// Whether close() was called, or all senders and permits are gone. Values may still be there.
    [[nodiscard]] bool is_closed() const noexcept {
        return channel_->is_closed() || channel_->sender_count() == 0;
    }
    /// The number of values in the queue.
    [[nodiscard]] std::size_t len() const noexcept { return channel_->size(); }
    /// Whether no value is in the queue.
    [[nodiscard]] bool empty() const noexcept { return len() == 0; }
    /// The number of places that are free now.
    [[nodiscard]] std::size_t capacity() const noexcept { return channel_->free_places(); }
    /// The number of places that the channel was made with; a very large one if it is unbounded.
    [[nodiscard]] std::size_t max_capacity() const noexcept { return channel_->capacity(); }
    /// The number of senders; permits count as senders.
    [[nodiscard]] std::size_t sender_strong_count() const noexcept {
        return channel_->sender_count();
    }
    /// The number of weak senders.
    [[nodiscard]] std::size_t sender_weak_count() const noexcept { return channel_->weak_count(); }

private:
    friend struct detail::mpsc_access;
    explicit mpsc_receiver(detail::mpsc_channel<T>& channel) noexcept : channel_(&channel) {}
    detail::mpsc_channel<T>* channel_;
};

/// Makes a channel with room for `capacity` values.
///
/// Returns        the two ends: auto [tx, rx] = mpsc<int>(16);
/// Errors         throws std::invalid_argument for 0 and for more than SIZE_MAX / 8;
///                std::bad_alloc.
/// Allocation     one block for the ends, one for 32 values at a time; blocks are used again.
/// Source         tokio::sync::mpsc::channel.
template <class T>
[[nodiscard]] std::pair<mpsc_sender<T>, mpsc_receiver<T>> mpsc(
    std::size_t capacity, std::source_location where = std::source_location::current()) {
    if (capacity == 0 || capacity > detail::batch_semaphore::max_permits) {
        throw std::invalid_argument(
            detail::at_line(where) +
            "edo::sync::mpsc(capacity): needs room for at least one value; use mpsc_unbounded for "
            "a queue without a limit");
    }
    auto* channel = new detail::mpsc_channel<T>(capacity);
    return {detail::mpsc_access::make<mpsc_sender<T>>(*channel),
            detail::mpsc_access::make<mpsc_receiver<T>>(*channel)};
}

/// Makes a channel without a limit: who sends faster than the receiver takes fills the memory.
///
/// Returns        the two ends: auto [tx, rx] = mpsc_unbounded<int>();
/// Errors         throws std::bad_alloc.
/// Source         tokio::sync::mpsc::unbounded_channel.
template <class T>
[[nodiscard]] std::pair<mpsc_unbounded_sender<T>, mpsc_receiver<T>> mpsc_unbounded() {
    auto* channel = new detail::mpsc_channel<T>(detail::mpsc_channel<T>::unbounded);
    return {detail::mpsc_access::make<mpsc_unbounded_sender<T>>(*channel),
            detail::mpsc_access::make<mpsc_receiver<T>>(*channel)};
}

}  // namespace edo::sync

namespace edo {

/// The ends may change threads if the values may, and borrow what these borrow.
template <class T>
inline constexpr bool enable_sendable<sync::mpsc_sender<T>> = sendable<T>;
template <class T>
inline constexpr bool enable_owning<sync::mpsc_sender<T>> = owning<T>;
template <class T>
inline constexpr bool enable_sendable<sync::mpsc_unbounded_sender<T>> = sendable<T>;
template <class T>
inline constexpr bool enable_owning<sync::mpsc_unbounded_sender<T>> = owning<T>;
template <class T, class Sender>
inline constexpr bool enable_sendable<detail::mpsc_weak_sender<T, Sender>> = sendable<T>;
template <class T, class Sender>
inline constexpr bool enable_owning<detail::mpsc_weak_sender<T, Sender>> = owning<T>;
template <class T>
inline constexpr bool enable_sendable<sync::mpsc_receiver<T>> = sendable<T>;
template <class T>
inline constexpr bool enable_owning<sync::mpsc_receiver<T>> = owning<T>;

}  // namespace edo
