/// What bounded and unbounded senders of an mpsc channel have in common.
#pragma once

#include <edo/sync/detail/mpsc_leaves.hpp>

#include <cassert>
#include <optional>
#include <utility>

namespace edo::detail {

struct mpsc_access;

/// A counted share of the sending end.
template <class T>
class mpsc_sender_base {
public:
    /// Another sender of the same channel.
    mpsc_sender_base(const mpsc_sender_base& other) noexcept : channel_(other.channel_) {
        if (channel_ != nullptr) { channel_->add_sender(); }
    }
    /// Takes the sender over; the other one may only be assigned to or destroyed.
    mpsc_sender_base(mpsc_sender_base&& other) noexcept
        : channel_(std::exchange(other.channel_, nullptr)) {}
    /// Becomes a sender of the other's channel.
    mpsc_sender_base& operator=(mpsc_sender_base other) noexcept {
        std::swap(channel_, other.channel_);
        return *this;
    }
    ~mpsc_sender_base() {
        if (channel_ != nullptr) { channel_->drop_sender(); }
    }

    /// Completes when the receiver closes or goes. Borrows the sender.
    ///
    /// Cancel safety  dropping it has no effect.
    [[nodiscard("co_await it")]] auto closed() const noexcept {
        return mpsc_closed_leaf<T>(channel());
    }
    /// Whether the receiver has closed or is gone.
    [[nodiscard]] bool is_closed() const noexcept { return channel().is_closed(); }
    /// Whether both send to the same receiver.
    [[nodiscard]] bool same_channel(const mpsc_sender_base& other) const noexcept {
        return channel_ == other.channel_;
    }
    /// The number of senders of the channel; permits count as senders.
    [[nodiscard]] std::size_t strong_count() const noexcept { return channel().sender_count(); }
    /// The number of weak senders.
    [[nodiscard]] std::size_t weak_count() const noexcept { return channel().weak_count(); }

protected:
    friend struct mpsc_access;
    /// Takes over a share that was counted already.
    explicit mpsc_sender_base(mpsc_channel<T>& channel) noexcept : channel_(&channel) {}
    [[nodiscard]] mpsc_channel<T>& channel() const noexcept {
        assert(channel_ != nullptr && "this mpsc sender was moved from");
        return *channel_;
    }

private:
    mpsc_channel<T>* channel_;
};

/// Does not keep the channel open; becomes a `Sender` while other senders do.
template <class T, class Sender>
class mpsc_weak_sender {
public:
    /// Another weak sender of the same channel.
    mpsc_weak_sender(const mpsc_weak_sender& other) noexcept : channel_(other.channel_) {
        if (channel_ != nullptr) { channel_->add_weak(); }
    }
    /// Takes it over; the other one may only be assigned to or destroyed.
    mpsc_weak_sender(mpsc_weak_sender&& other) noexcept
        : channel_(std::exchange(other.channel_, nullptr)) {}
    /// Becomes a weak sender of the other's channel.
    mpsc_weak_sender& operator=(mpsc_weak_sender other) noexcept {
        std::swap(channel_, other.channel_);
        return *this;
    }
    ~mpsc_weak_sender() {
        if (channel_ != nullptr) { channel_->drop_weak(); }
    }
    /// A sender, if there is still one; else nullopt, for ever.
    [[nodiscard]] std::optional<Sender> upgrade() const noexcept;
    /// The number of senders of the channel; permits count as senders.
    [[nodiscard]] std::size_t strong_count() const noexcept { return channel_->sender_count(); }
    /// The number of weak senders.
    [[nodiscard]] std::size_t weak_count() const noexcept { return channel_->weak_count(); }

private:
    friend struct mpsc_access;
    explicit mpsc_weak_sender(mpsc_channel<T>& channel) noexcept : channel_(&channel) {
        channel.add_weak();
    }
    mpsc_channel<T>* channel_;
};

/// Makes the ends.
struct mpsc_access {
    template <class End, class T>
    static End make(mpsc_channel<T>& channel) noexcept {
        return End(channel);
    }
};

template <class T, class Sender>
std::optional<Sender> mpsc_weak_sender<T, Sender>::upgrade() const noexcept {
    if (!channel_->try_add_sender()) { return std::nullopt; }
    return mpsc_access::make<Sender>(*channel_);
}

}  // namespace edo::detail
