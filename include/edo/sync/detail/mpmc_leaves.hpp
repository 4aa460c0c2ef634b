/// What the ends of an mpmc channel suspend on. They borrow their end.
#pragma once

#include <edo/sync/channel_errors.hpp>
#include <edo/sync/detail/mpmc_channel.hpp>
#include <edo/sync/detail/permit_leaf.hpp>

#include <expected>
#include <optional>
#include <utility>
#include <vector>

namespace edo::sync {

template <class T>
class mpmc_sender;

}  // namespace edo::sync

namespace edo::detail {

/// Sends a value once there is room.
template <class T>
class mpmc_send_leaf : public permit_leaf<mpmc_send_leaf<T>, mpmc_channel<T>*> {
public:
    mpmc_send_leaf(mpmc_channel<T>& channel, T&& value)
        : mpmc_send_leaf::permit_leaf(channel.room, 1, &channel), value_(std::move(value)) {}
    std::expected<void, sync::send_error<T>> await_resume() {
        if (this->waiter_.take() && this->owner_->push(std::move(value_))) { return {}; }
        return std::unexpected(sync::send_error<T>(std::move(*value_)));
    }

private:
    mpsc_value<T> value_;
};

/// One value.
template <class T>
class mpmc_recv_leaf : public permit_leaf<mpmc_recv_leaf<T>, mpmc_channel<T>*> {
public:
    explicit mpmc_recv_leaf(mpmc_channel<T>& channel) noexcept
        : mpmc_recv_leaf::permit_leaf(channel.values, 1, &channel) {}
    std::optional<T> await_resume() {
        static_cast<void>(this->waiter_.take());
        return this->owner_->pop();
    }
};

/// All values that are there, up to a limit.
template <class T>
class mpmc_recv_many_leaf : public permit_leaf<mpmc_recv_many_leaf<T>, mpmc_channel<T>*> {
    using base = permit_leaf<mpmc_recv_many_leaf, mpmc_channel<T>*>;

public:
    mpmc_recv_many_leaf(mpmc_channel<T>& channel, std::vector<T>& out, std::size_t limit) noexcept
        : base(channel.values, 1, &channel), out_(&out), limit_(limit) {}
    [[nodiscard]] bool ready() noexcept { return limit_ == 0 || base::ready(); }
    std::size_t await_resume() {
        using attempt = batch_semaphore::attempt;
        static_cast<void>(this->waiter_.take());
        std::size_t taken = 0;
        while (taken < limit_) {
            if (taken != 0 && this->owner_->values.try_acquire(1) == attempt::none) { break; }
            std::optional<T> value = this->owner_->pop();
            if (!value) { break; }
            ++taken;
            out_->push_back(std::move(*value));
        }
        return taken;
    }

private:
    std::vector<T>* out_;
    std::size_t limit_;
};

/// Waits for a place in the queue. Permit: mpmc_permit<T>.
template <class T, class Permit>
class mpmc_reserve_leaf : public permit_leaf<mpmc_reserve_leaf<T, Permit>, mpmc_channel<T>*> {
public:
    mpmc_reserve_leaf(mpmc_channel<T>& channel, const sync::mpmc_sender<T>& sender) noexcept
        : mpmc_reserve_leaf::permit_leaf(channel.room, 1, &channel), sender_(&sender) {}
    std::expected<Permit, sync::closed> await_resume() noexcept {
        if (!this->waiter_.take() || !this->owner_->book()) {
            return std::unexpected(sync::closed());
        }
        return Permit(*sender_);
    }

private:
    const sync::mpmc_sender<T>* sender_;
};

}  // namespace edo::detail
