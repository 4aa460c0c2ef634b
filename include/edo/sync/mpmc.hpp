/// A bounded queue with many senders and many receivers; each value goes to one of them.
#pragma once

#include <edo/coro/detail/thread_cell.hpp>
#include <edo/coro/owning.hpp>
#include <edo/coro/sendable.hpp>
#include <edo/sync/detail/mpmc_leaves.hpp>
#include <edo/sync/detail/send_within.hpp>
#include <edo/sync/mpmc_permit.hpp>

#include <chrono>
#include <expected>
#include <memory>
#include <optional>
#include <source_location>
#include <utility>
#include <vector>

namespace edo::sync {

/// The end of an mpmc channel that sends. Senders that wait for room are served first come, first
/// served. For a limit of time: send_timeout().
///
/// Ownership      copies send to the same receivers. One that was moved from may only be assigned to or
///                destroyed. When the last one is gone, receivers get the values that are left, then
///                nothing.
/// Thread safety  every const member may be called from any thread.
template <class T>
class mpmc_sender {
public:
    /// Another sender.
    mpmc_sender(const mpmc_sender& other) noexcept : channel_(other.channel_) {
        if (channel_) { channel_->add_sender(); }
    }
    /// Takes the end over.
    mpmc_sender(mpmc_sender&& other) noexcept = default;
    /// Exchanges the ends.
    mpmc_sender& operator=(mpmc_sender other) noexcept {
        std::swap(channel_, other.channel_);
        return *this;
    }
    ~mpmc_sender() {
        if (channel_) { channel_->drop_sender(); }
    }

    /// Waits for room, then sends.
    ///
    /// Returns        nothing, or the value if no receiver is left or the channel was closed. A success
    ///                does not mean that the value will be received.
    /// Errors         throws std::bad_alloc; the value is lost then.
    /// Cancel safety  dropping it gives up the place in line and destroys the value; use reserve() to keep
    ///                the value.
    [[nodiscard("co_await it")]] auto send(T value) const {
        return detail::mpmc_send_leaf<T>(*channel_, std::move(value));
    }
    /// Sends if there is room and nobody waits for it.
    ///
    /// Returns        nothing, or the value and why.
    std::expected<void, try_send_error<T>> try_send(T value) const {
        using reason = try_reserve_error::reason;
        detail::mpsc_value<T> stored(std::move(value));
        const attempt result = channel_->room.try_acquire(1);
        if (result != attempt::granted) {
            const reason why = result == attempt::closed ? reason::closed : reason::full;
            return std::unexpected(try_send_error<T>(why, std::move(*stored)));
        }
        if (channel_->push(std::move(stored))) { return {}; }
        return std::unexpected(try_send_error<T>(reason::closed, std::move(*stored)));
    }
    /// Waits for a place in the queue and keeps it. Borrows the sender.
    ///
    /// Returns        the permit, or `closed` if no receiver is left or the channel was closed.
    /// Cancel safety  dropping it gives up the place in line.
    [[nodiscard("co_await it")]] auto reserve() const noexcept {
        return detail::mpmc_reserve_leaf<T, mpmc_permit<T>>(*channel_, *this, 1);
    }
    /// Waits for `n` places at once. Borrows the sender.
    ///
    /// Returns        the permits, or `closed` if no receiver is left or the channel was closed, or if n
    ///                is more than max_capacity().
    /// Cancel safety  dropping it gives up the place in line.
    [[nodiscard("co_await it")]] auto reserve_many(std::size_t n) const noexcept {
        return detail::mpmc_reserve_leaf<T, mpmc_permits<T>>(*channel_, *this, n);
    }
    /// Takes a place if there is one and nobody waits for it.
    [[nodiscard]] std::expected<mpmc_permit<T>, try_reserve_error> try_reserve() const noexcept {
        return take_places<mpmc_permit<T>>(1);
    }
    /// Takes `n` places if they are there and nobody waits for them.
    [[nodiscard]] std::expected<mpmc_permits<T>, try_reserve_error> try_reserve_many(
        std::size_t n) const noexcept {
        return take_places<mpmc_permits<T>>(n);
    }
    /// send() that gives up when there is no room within d. The sender must outlive it.
    ///
    /// Returns        nothing, or the value if it was not sent.
    /// Errors         as send().
    /// Cancel safety  dropping it destroys the value and gives up the place in line.
    template <class Rep, class Period>
    [[nodiscard("co_await it")]] task<std::expected<void, send_timeout_error<T>>> send_timeout(
        T value, std::chrono::duration<Rep, Period> d) const {
        return detail::send_within(*this, std::move(value), d);
    }
    /// send() for a plain thread or a blocking closure.
    ///
    /// Errors         throws std::logic_error inside a task, which must not block.
    std::expected<void, send_error<T>> blocking_send(
        T value, std::source_location where = std::source_location::current()) const {
        return detail::wait_in_thread(send(std::move(value)), "mpmc_sender::blocking_send()",
                                      where);
    }
    /// reserve() for a plain thread or a blocking closure. In the same queue.
    ///
    /// Errors         throws std::logic_error inside a task, which must not block.
    std::expected<mpmc_permit<T>, sync::closed> blocking_reserve(
        std::source_location where = std::source_location::current()) const {
        return detail::wait_in_thread(reserve(), "mpmc_sender::blocking_reserve()", where);
    }
    /// Completes when no receiver is left or one has closed the channel. Borrows the sender.
    ///
    /// Cancel safety  dropping it has no effect.
    [[nodiscard("co_await it")]] auto closed() const noexcept { return channel_->wait_closed(); }
    /// A sender that does not keep the channel open.
    [[nodiscard]] weak_mpmc_sender<T> downgrade() const noexcept {
        return weak_mpmc_sender<T>(channel_);
    }
    /// Whether no receiver is left, or one has closed the channel.
    [[nodiscard]] bool is_closed() const noexcept { return channel_->is_closed(); }
    /// The number of values that fit in now.
    [[nodiscard]] std::size_t capacity() const noexcept { return channel_->room.available(); }
    /// The number of values that the channel was made for.
    [[nodiscard]] std::size_t max_capacity() const noexcept { return channel_->max_capacity; }
    /// Whether the two belong to the same channel.
    [[nodiscard]] bool same_channel(const mpmc_sender& other) const noexcept {
        return channel_ == other.channel_;
    }

private:
    template <class U>
    friend auto mpmc(std::size_t capacity);
    friend class mpmc_permit<T>;
    friend class mpmc_permits<T>;
    friend class weak_mpmc_sender<T>;
    using attempt = detail::batch_semaphore::attempt;
    template <class Permits>
    std::expected<Permits, try_reserve_error> take_places(std::size_t n) const noexcept {
        using reason = try_reserve_error::reason;
        const attempt result = channel_->room.try_acquire(n);
        if (result == attempt::none) { return std::unexpected(try_reserve_error(reason::full)); }
        if (result == attempt::closed || !channel_->book(n)) {
            return std::unexpected(try_reserve_error(reason::closed));
        }
        return Permits::adopt(*this, n);
    }
    /// Takes over a share that was counted already.
    explicit mpmc_sender(std::shared_ptr<detail::mpmc_channel<T>> channel) noexcept
        : channel_(std::move(channel)) {}
    std::shared_ptr<detail::mpmc_channel<T>> channel_;
};

/// The end of an mpmc channel that receives. Receivers that wait are served first come, first served.
///
/// Ownership      copies receive from the same queue. One that was moved from may only be assigned to
///                or destroyed. When the last one is gone the values that are left are destroyed.
/// Thread safety  every const member may be called from any thread.
template <class T>
class mpmc_receiver {
public:
    /// Another receiver.
    mpmc_receiver(const mpmc_receiver& other) noexcept : channel_(other.channel_) {
        if (channel_) { channel_->add_receiver(); }
    }
    /// Takes the end over.
    mpmc_receiver(mpmc_receiver&& other) noexcept = default;
    /// Exchanges the ends.
    mpmc_receiver& operator=(mpmc_receiver other) noexcept {
        std::swap(channel_, other.channel_);
        return *this;
    }
    ~mpmc_receiver() {
        if (channel_) { channel_->drop_receiver(); }
    }

    /// Waits for a value: std::optional<T>; nothing once the channel is closed and empty, and no permit is
    /// out.
    ///
    /// Cancel safety  dropping it gives up the place in line; a value that was meant for it goes to the
    ///                next.
    [[nodiscard("co_await it")]] auto recv() const noexcept {
        return detail::mpmc_recv_leaf<T>(*channel_);
    }
    /// Waits until there is a value, then appends up to `limit` of them to `out`, as long as no other
    /// receiver waits.
    ///
    /// Returns        how many; 0 at the end, or if limit is 0.
    /// Errors         throws std::bad_alloc if `out` cannot grow; what is not in it stays in the queue.
    /// Cancel safety  as recv().
    [[nodiscard("co_await it")]] auto recv_many(std::vector<T>& out,
                                                std::size_t limit) const noexcept {
        return detail::mpmc_recv_many_leaf<T>(*channel_, out, limit);
    }
    /// A value, if one is there and nobody waits for it.
    [[nodiscard]] std::expected<T, try_recv_error> try_recv() const {
        using attempt = detail::batch_semaphore::attempt;
        const attempt result = channel_->values.try_acquire(1);
        if (result == attempt::none) { return std::unexpected(try_recv_error::empty); }
        std::optional<T> value = channel_->pop();
        if (!value) { return std::unexpected(try_recv_error::closed); }
        return std::move(*value);
    }
    /// recv() for a plain thread or a blocking closure.
    ///
    /// Errors         throws std::logic_error inside a task, which must not block.
    std::optional<T> blocking_recv(
        std::source_location where = std::source_location::current()) const {
        return detail::wait_in_thread(recv(), "mpmc_receiver::blocking_recv()", where);
    }
    /// recv_many() for a plain thread or a blocking closure.
    ///
    /// Errors         throws std::logic_error inside a task, which must not block.
    std::size_t blocking_recv_many(
        std::vector<T>& out, std::size_t limit,
        std::source_location where = std::source_location::current()) const {
        return detail::wait_in_thread(recv_many(out, limit), "mpmc_receiver::blocking_recv_many()",
                                      where);
    }
    /// Lets no more values in. What lies in the queue, and what permits that are out will send, can still
    /// be received.
    void close() const noexcept { channel_->close(); }
    /// Whether no sender is left, or the channel was closed.
    [[nodiscard]] bool is_closed() const noexcept { return channel_->is_closed(); }
    /// The number of values in the queue.
    [[nodiscard]] std::size_t size() const noexcept { return channel_->size(); }
    /// Whether there are none.
    [[nodiscard]] bool empty() const noexcept { return size() == 0; }
    /// Whether the two belong to the same channel.
    [[nodiscard]] bool same_channel(const mpmc_receiver& other) const noexcept {
        return channel_ == other.channel_;
    }

private:
    template <class U>
    friend auto mpmc(std::size_t capacity);
    explicit mpmc_receiver(std::shared_ptr<detail::mpmc_channel<T>> channel) noexcept
        : channel_(std::move(channel)) {}
    std::shared_ptr<detail::mpmc_channel<T>> channel_;
};

/// `auto [tx, rx] = mpmc<T>(capacity)`: a queue of up to `capacity` values with any number of senders
/// and receivers. Throws std::invalid_argument for 0, std::bad_alloc. As the channels of Go.
template <class T>
[[nodiscard]] auto mpmc(std::size_t capacity) {
    auto channel = std::make_shared<detail::mpmc_channel<T>>(capacity);
    return std::pair(mpmc_sender<T>(channel), mpmc_receiver<T>(channel));
}

}  // namespace edo::sync

namespace edo {

/// The ends may change threads if the values may.
template <class T>
inline constexpr bool enable_sendable<sync::mpmc_sender<T>> = sendable<T>;
template <class T>
inline constexpr bool enable_sendable<sync::mpmc_receiver<T>> = sendable<T>;
template <class T>
inline constexpr bool enable_owning<sync::mpmc_sender<T>> = owning<T>;
template <class T>
inline constexpr bool enable_owning<sync::mpmc_receiver<T>> = owning<T>;
/// They refer to their end.
template <class T>
inline constexpr bool enable_owning<detail::mpmc_send_leaf<T>> = false;
template <class T, class Permit>
inline constexpr bool enable_owning<detail::mpmc_reserve_leaf<T, Permit>> = false;
template <class T>
inline constexpr bool enable_owning<detail::mpmc_recv_many_leaf<T>> = false;
template <class T>
inline constexpr bool enable_owning<detail::mpmc_recv_leaf<T>> = false;

}  // namespace edo
