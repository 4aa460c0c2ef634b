/// A place in the queue of an mpmc channel that is reserved, and a sender that does not keep it open.
#pragma once

#include <edo/coro/owning.hpp>
#include <edo/coro/sendable.hpp>
#include <edo/sync/detail/mpmc_leaves.hpp>

#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>

namespace edo::sync {

template <class T>
class mpmc_permits;

/// The right to send one value without waiting, what mpmc_sender::reserve() gives. It keeps the
/// channel open as a sender does, so it may outlive the sender it came from.
///
/// Ownership      move-only. Dropped, the place is free again.
/// Thread safety  one thread at a time.
template <class T>
class [[nodiscard("the place is given back at once if the permit is not kept")]] mpmc_permit {
public:
    /// Takes the place over.
    mpmc_permit(mpmc_permit&& other) noexcept = default;
    /// Gives the own place back and takes the other over.
    mpmc_permit& operator=(mpmc_permit&& other) noexcept {
        mpmc_permit moved(std::move(other));
        std::swap(sender_, moved.sender_);
        return *this;
    }
    ~mpmc_permit() {
        if (sender_.channel_) { sender_.channel_->unbook(1); }
    }

    /// Sends `value`; the permit is used up. Works also if the channel was closed meanwhile.
    ///
    /// Errors         throws std::logic_error if it was used or moved from, std::bad_alloc if the queue
    ///                cannot grow; the permit can be used again then.
    void send(T value) {
        detail::mpsc_value<T> stored(std::move(value));
        checked().push_booked(std::move(stored));
        static_cast<void>(mpmc_sender<T>(std::move(sender_)));
    }
    /// Gives the place back, and a sender instead of the permit.
    ///
    /// Errors         throws std::logic_error if it was used or moved from.
    mpmc_sender<T> release() {
        checked().unbook(1);
        return std::move(sender_);
    }

private:
    template <class, class>
    friend class detail::mpmc_reserve_leaf;
    friend class mpmc_permits<T>;
    friend class mpmc_sender<T>;
    /// Takes over a place that was booked.
    static mpmc_permit adopt(const mpmc_sender<T>& sender, std::size_t) noexcept {
        return mpmc_permit(sender);
    }
    explicit mpmc_permit(const mpmc_sender<T>& sender) noexcept : sender_(sender) {}
    detail::mpmc_channel<T>& checked() const {
        if (!sender_.channel_) {
            throw std::logic_error("edo: this mpmc_permit was used or moved from");
        }
        return *sender_.channel_;
    }
    mpmc_sender<T> sender_;
};

/// Several permits, what mpmc_sender::reserve_many() gives.
///
/// Ownership      move-only. Dropped, the places that are left are free again.
/// Thread safety  one thread at a time.
template <class T>
class [[nodiscard("the places are given back at once if they are not kept")]] mpmc_permits {
public:
    /// Takes the places over.
    mpmc_permits(mpmc_permits&& other) noexcept
        : sender_(std::move(other.sender_)), count_(std::exchange(other.count_, 0)) {}
    /// Gives the own places back and takes the others over.
    mpmc_permits& operator=(mpmc_permits&& other) noexcept {
        mpmc_permits moved(std::move(other));
        std::swap(sender_, moved.sender_);
        std::swap(count_, moved.count_);
        return *this;
    }
    ~mpmc_permits() {
        if (count_ != 0) { sender_.channel_->unbook(count_); }
    }

    /// How many are left.
    [[nodiscard]] std::size_t size() const noexcept { return count_; }
    /// Whether none is left.
    [[nodiscard]] bool empty() const noexcept { return count_ == 0; }
    /// Takes one out; nullopt if none is left.
    [[nodiscard]] std::optional<mpmc_permit<T>> next() noexcept {
        if (count_ == 0) { return std::nullopt; }
        --count_;
        return mpmc_permit<T>::adopt(sender_, 1);
    }
    /// Uses one up for `value`.
    ///
    /// Errors         throws std::logic_error if none is left, std::bad_alloc if the queue cannot grow;
    ///                the permit is still there then.
    void send(T value) {
        if (count_ == 0) { throw std::logic_error("edo: no permit is left in this mpmc_permits"); }
        detail::mpsc_value<T> stored(std::move(value));
        sender_.channel_->push_booked(std::move(stored));
        --count_;
    }

private:
    template <class, class>
    friend class detail::mpmc_reserve_leaf;
    friend class mpmc_sender<T>;
    /// Takes over places that were booked.
    static mpmc_permits adopt(const mpmc_sender<T>& sender, std::size_t count) noexcept {
        return {sender, count};
    }
    mpmc_permits(const mpmc_sender<T>& sender, std::size_t count) noexcept
        : sender_(sender), count_(count) {}
    mpmc_sender<T> sender_;
    std::size_t count_;
};

/// A sender that does not keep the channel open. Copyable.
///
/// Thread safety  every const member may be called from any thread.
template <class T>
class weak_mpmc_sender {
public:
    /// A sender, if there is still one; else nullopt, for ever.
    [[nodiscard]] std::optional<mpmc_sender<T>> upgrade() const noexcept {
        auto channel = channel_.lock();
        if (!channel || !channel->try_add_sender()) { return std::nullopt; }
        return mpmc_sender<T>(std::move(channel));
    }

private:
    friend class mpmc_sender<T>;
    explicit weak_mpmc_sender(const std::shared_ptr<detail::mpmc_channel<T>>& channel) noexcept
        : channel_(channel) {}
    std::weak_ptr<detail::mpmc_channel<T>> channel_;
};

}  // namespace edo::sync

namespace edo {

/// They may change threads if the values may, and borrow what these borrow.
template <class T>
inline constexpr bool enable_sendable<sync::mpmc_permit<T>> = sendable<T>;
template <class T>
inline constexpr bool enable_owning<sync::mpmc_permit<T>> = owning<T>;
template <class T>
inline constexpr bool enable_sendable<sync::mpmc_permits<T>> = sendable<T>;
template <class T>
inline constexpr bool enable_owning<sync::mpmc_permits<T>> = owning<T>;
template <class T>
inline constexpr bool enable_sendable<sync::weak_mpmc_sender<T>> = sendable<T>;
template <class T>
inline constexpr bool enable_owning<sync::weak_mpmc_sender<T>> = owning<T>;

}  // namespace edo
