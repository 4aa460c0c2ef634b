/// What the ends of an mpsc channel suspend on. They borrow their end.
#pragma once

#include <edo/coro/detail/leaf.hpp>
#include <edo/sync/channel_errors.hpp>
#include <edo/sync/detail/make_room.hpp>
#include <edo/sync/detail/mpsc_channel.hpp>
#include <edo/sync/detail/permit_leaf.hpp>

#include <expected>
#include <utility>
#include <vector>

namespace edo::detail {

/// Waits until the receiver can go on.
template <class T, class Derived>
class mpsc_receive : public leaf<Derived> {
public:
    explicit mpsc_receive(mpsc_channel<T>& channel) noexcept : channel_(&channel) {}
    mpsc_receive(mpsc_receive&& other) noexcept : channel_(other.channel_) {}
    mpsc_receive& operator=(mpsc_receive&&) = delete;
    ~mpsc_receive() { disarm(); }

    [[nodiscard]] bool ready() const noexcept { return channel_->receiver_is_ready(); }
    [[nodiscard]] bool arm(suspension& waiter) {
        disarm();  // of an earlier await of the same leaf
        is_armed_ = channel_->arm(waiter);
        return is_armed_;
    }
    void disarm() noexcept {
        if (std::exchange(is_armed_, false)) { channel_->disarm(); }
    }

protected:
    mpsc_channel<T>& channel() noexcept { return *channel_; }

private:
    mpsc_channel<T>* channel_;
    bool is_armed_ = false;
};

/// One value.
template <class T>
class mpsc_recv_leaf : public mpsc_receive<T, mpsc_recv_leaf<T>> {
public:
    using mpsc_receive<T, mpsc_recv_leaf>::mpsc_receive;
    std::optional<T> await_resume() {
        this->disarm();
        typename mpsc_channel<T>::taken_count permit(this->channel());
        const typename mpsc_channel<T>::taken value(permit);
        if (!value) { return std::nullopt; }
        return std::optional<T>(std::move(*value));
    }
};

/// All values that are there, up to a limit.
template <class T>
class mpsc_recv_many_leaf : public mpsc_receive<T, mpsc_recv_many_leaf<T>> {
    using base = mpsc_receive<T, mpsc_recv_many_leaf>;

public:
    mpsc_recv_many_leaf(mpsc_channel<T>& channel, std::vector<T>& out, std::size_t limit) noexcept
        : base(channel), out_(&out), limit_(limit) {}
    mpsc_recv_many_leaf(mpsc_recv_many_leaf&&) noexcept = default;

    [[nodiscard]] bool ready() const noexcept { return limit_ == 0 || base::ready(); }
    std::size_t await_resume() {
        this->disarm();
        typename mpsc_channel<T>::taken_count permits(this->channel());
        while (permits.count < limit_ && this->channel().has_value()) {
            make_room(*out_);
            out_->push_back(std::move(*typename mpsc_channel<T>::taken(permits)));
        }
        return permits.count;
    }

private:
    std::vector<T>* out_;
    std::size_t limit_;
};

/// Waits for permits.
template <class T, class Derived>
class mpsc_acquire : public leaf<Derived> {
public:
    mpsc_acquire(mpsc_channel<T>& channel, std::size_t permits) noexcept
        : channel_(&channel), waiter_(channel.semaphore(), permits) {}
    mpsc_acquire(mpsc_acquire&&) noexcept = default;
    mpsc_acquire& operator=(mpsc_acquire&&) = delete;
    ~mpsc_acquire() {
        if (waiter_.give_up()) { channel_->wake_receiver(); }
    }

    [[nodiscard]] bool ready() noexcept { return waiter_.ready(); }
    [[nodiscard]] bool arm(suspension& waiter) noexcept { return waiter_.arm(waiter); }
    void disarm() noexcept {
        if (waiter_.disarm()) { channel_->wake_receiver(); }
    }

protected:
    mpsc_channel<T>& channel() noexcept { return *channel_; }
    /// False: the channel is closed.
    [[nodiscard]] bool take() noexcept { return waiter_.take(); }

private:
    mpsc_channel<T>* channel_;
    semaphore_waiter waiter_;
};

/// Sends a value once there is room.
template <class T>
class mpsc_send_leaf : public mpsc_acquire<T, mpsc_send_leaf<T>> {
    using base = mpsc_acquire<T, mpsc_send_leaf>;

public:
    mpsc_send_leaf(mpsc_channel<T>& channel, T&& value)
        : base(channel, 1), value_(std::move(value)) {}
    mpsc_send_leaf(mpsc_send_leaf&&) noexcept = default;
    [[nodiscard]] bool ready() {
        if (has_ended_) { throw_taken_already(); }
        return base::ready();
    }
    std::expected<void, sync::send_error<T>> await_resume() {
        has_ended_ = true;
        if (!this->take()) { return std::unexpected(sync::send_error<T>(std::move(*value_))); }
        this->channel().push_or_give_back(std::move(value_));
        return {};
    }

private:
    mpsc_value<T> value_;
    bool has_ended_ = false;
};

/// Waits for places in the queue. Permits: mpsc_permit<T> or mpsc_permits<T>.
template <class T, class Permits>
class mpsc_reserve_leaf : public mpsc_acquire<T, mpsc_reserve_leaf<T, Permits>> {
    using base = mpsc_acquire<T, mpsc_reserve_leaf>;

public:
    mpsc_reserve_leaf(mpsc_channel<T>& channel, std::size_t count) noexcept
        : base(channel, count), count_(count), is_possible_(count <= channel.capacity()) {}
    mpsc_reserve_leaf(mpsc_reserve_leaf&&) noexcept = default;
    [[nodiscard]] bool ready() noexcept { return !is_possible_ || base::ready(); }
    std::expected<Permits, sync::closed> await_resume() noexcept {
        if (!this->take()) { return std::unexpected(sync::closed()); }
        return Permits::adopt(this->channel(), count_);
    }

private:
    std::size_t count_;
    bool is_possible_;
};

/// Waits until the receiver closes or goes.
template <class T>
class mpsc_closed_leaf : public leaf<mpsc_closed_leaf<T>> {
public:
    explicit mpsc_closed_leaf(mpsc_channel<T>& channel) noexcept
        : channel_(&channel), closing_(channel.closing()) {}
    mpsc_closed_leaf(mpsc_closed_leaf&&) noexcept = default;
    mpsc_closed_leaf& operator=(mpsc_closed_leaf&&) = delete;
    [[nodiscard]] bool ready() noexcept { return channel_->is_closed() || closing_.ready(); }
    [[nodiscard]] bool arm(suspension& waiter) noexcept { return closing_.arm(waiter); }
    void disarm() noexcept { closing_.disarm(); }
    void await_resume() noexcept { closing_.await_resume(); }

private:
    mpsc_channel<T>* channel_;
    sync::notified closing_;
};

}  // namespace edo::detail
