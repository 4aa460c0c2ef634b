/// Places in the queue of an mpsc channel that are reserved.
#pragma once

#include <edo/sync/detail/mpsc_sender_base.hpp>

#include <optional>
#include <stdexcept>
#include <utility>

namespace edo::sync {

template <class T>
class mpsc_sender;

/// The right to send one value without waiting, what mpsc_sender::reserve() gives. It keeps the
/// channel open as a sender does (Tokio's OwnedPermit), so it may outlive the sender it came from.
///
/// Ownership      move-only. Dropped, the place is free again.
/// Thread safety  one thread at a time.
/// Source         tokio::sync::mpsc::Permit, OwnedPermit.
template <class T>
class [[nodiscard("the place is given back at once if the permit is not kept")]] mpsc_permit {
public:
    /// Takes the place over.
    mpsc_permit(mpsc_permit&& other) noexcept : channel_(std::exchange(other.channel_, nullptr)) {}
    /// Gives the own place back and takes the other over.
    mpsc_permit& operator=(mpsc_permit&& other) noexcept {
        mpsc_permit moved(std::move(other));
        std::swap(channel_, moved.channel_);
        return *this;
    }
    ~mpsc_permit() {
        if (channel_ != nullptr) {
            channel_->give_back(1);
            channel_->drop_sender();
        }
    }

    /// Sends `value`; the permit is used up. Works also if the receiver has closed meanwhile.
    ///
    /// Errors         throws std::logic_error if it was used or moved from, std::bad_alloc if the queue
    ///                cannot grow; the permit can be used again then.
    void send(T value) {
        detail::mpsc_value<T> stored(std::move(value));
        auto& channel = checked();
        channel.push(std::move(stored));
        channel_ = nullptr;
        channel.drop_sender();
    }
    /// Gives the place back, and a sender instead of the permit.
    ///
    /// Errors         throws std::logic_error if it was used or moved from.
    mpsc_sender<T> release() {
        auto& channel = checked();
        channel_ = nullptr;
        channel.give_back(1);
        return detail::mpsc_access::make<mpsc_sender<T>>(channel);
    }

private:
    template <class, class>
    friend class detail::mpsc_reserve_leaf;
    template <class>
    friend class mpsc_permits;
    template <class>
    friend class mpsc_sender;
    explicit mpsc_permit(detail::mpsc_channel<T>& channel) noexcept : channel_(&channel) {}
    static mpsc_permit adopt(detail::mpsc_channel<T>& channel, std::size_t) noexcept {
        channel.add_sender();
        return mpsc_permit(channel);
    }
    detail::mpsc_channel<T>& checked() const {
        if (channel_ == nullptr) {
            throw std::logic_error("edo: this mpsc_permit was used or moved from");
        }
        return *channel_;
    }
    detail::mpsc_channel<T>* channel_;
};

/// Several permits, what mpsc_sender::reserve_many() gives.
///
/// Ownership      move-only. Dropped, the places that are left are free again.
/// Thread safety  one thread at a time.
/// Source         tokio::sync::mpsc::PermitIterator.
template <class T>
class [[nodiscard("the places are given back at once if they are not kept")]] mpsc_permits {
public:
    /// Takes the places over.
    mpsc_permits(mpsc_permits&& other) noexcept
        : channel_(std::exchange(other.channel_, nullptr)),
          count_(std::exchange(other.count_, 0)) {}
    /// Gives the own places back and takes the others over.
    mpsc_permits& operator=(mpsc_permits&& other) noexcept {
        mpsc_permits moved(std::move(other));
        std::swap(channel_, moved.channel_);
        std::swap(count_, moved.count_);
        return *this;
    }
    ~mpsc_permits() {
        if (channel_ == nullptr) { return; }
        if (count_ != 0) { channel_->give_back(count_); }
        channel_->drop_sender();
    }

    /// How many are left.
    [[nodiscard]] std::size_t size() const noexcept { return count_; }
    /// Whether none is left.
    [[nodiscard]] bool empty() const noexcept { return count_ == 0; }
    /// Takes one out; nullopt if none is left.
    [[nodiscard]] std::optional<mpsc_permit<T>> next() noexcept {
        if (count_ == 0) { return std::nullopt; }
        --count_;
        return mpsc_permit<T>::adopt(*channel_, 1);
    }
    /// Uses one up for `value`.
    ///
    /// Errors         throws std::logic_error if none is left, std::bad_alloc if the queue cannot grow;
    ///                the permit is still there then.
    void send(T value) {
        if (count_ == 0) { throw std::logic_error("edo: no permit is left in this mpsc_permits"); }
        detail::mpsc_value<T> stored(std::move(value));
        channel_->push(std::move(stored));
        --count_;
    }

private:
    template <class, class>
    friend class detail::mpsc_reserve_leaf;
    template <class>
    friend class mpsc_sender;
    mpsc_permits(detail::mpsc_channel<T>& channel, std::size_t count) noexcept
        : channel_(&channel), count_(count) {}
    static mpsc_permits adopt(detail::mpsc_channel<T>& channel, std::size_t count) noexcept {
        channel.add_sender();
        return {channel, count};
    }
    detail::mpsc_channel<T>* channel_;
    std::size_t count_;
};

}  // namespace edo::sync

namespace edo {

/// Permits may change threads if the values may, and borrow what these borrow.
template <class T>
inline constexpr bool enable_sendable<sync::mpsc_permit<T>> = sendable<T>;
template <class T>
inline constexpr bool enable_owning<sync::mpsc_permit<T>> = owning<T>;
template <class T>
inline constexpr bool enable_sendable<sync::mpsc_permits<T>> = sendable<T>;
template <class T>
inline constexpr bool enable_owning<sync::mpsc_permits<T>> = owning<T>;

}  // namespace edo
