/// What the ends of an mpmc channel suspend on. They borrow their end.
#pragma once

#include <edo/sync/channel_errors.hpp>
#include <edo/sync/detail/make_room.hpp>
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
    using base = permit_leaf<mpmc_send_leaf, mpmc_channel<T>*>;

public:
    mpmc_send_leaf(mpmc_channel<T>& channel, T&& value)
        : base(channel.room, 1, &channel), value_(std::move(value)) {}
    [[nodiscard]] bool ready() {
        if (has_ended_) { throw_taken_already(); }
        return base::ready();
    }
    std::expected<void, sync::send_error<T>> await_resume() {
        has_ended_ = true;
        if (this->waiter_.take() && this->owner_->push(std::move(value_))) { return {}; }
        return std::unexpected(sync::send_error<T>(std::move(*value_)));
    }

private:
    mpsc_value<T> value_;
    bool has_ended_ = false;
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
        bool has_permit = this->waiter_.take();  // else it is closed: what is left needs none
        std::size_t taken = 0;
        for (; taken < limit_; ++taken) {
            if (taken != 0) {
                const attempt result = this->owner_->values.try_acquire(1);
                if (result == attempt::none) { break; }
                has_permit = result == attempt::granted;
            }
            try {
                make_room(*out_);
            } catch (...) {
                if (has_permit) { this->owner_->values.give_back(1); }
                throw;
            }
            std::optional<T> value = this->owner_->pop();
            if (!value) { break; }
            out_->push_back(std::move(*value));
        }
        return taken;
    }

private:
    std::vector<T>* out_;
    std::size_t limit_;
};

/// Waits for places in the queue. Permits: mpmc_permit<T> or mpmc_permits<T>.
template <class T, class Permits>
class mpmc_reserve_leaf : public permit_leaf<mpmc_reserve_leaf<T, Permits>, mpmc_channel<T>*> {
    using base = permit_leaf<mpmc_reserve_leaf, mpmc_channel<T>*>;

public:
    mpmc_reserve_leaf(mpmc_channel<T>& channel, const sync::mpmc_sender<T>& sender,
                      std::size_t count) noexcept
        : base(channel.room, count, &channel), sender_(&sender), count_(count) {}
    [[nodiscard]] bool ready() noexcept {
        return count_ > this->owner_->max_capacity || base::ready();
    }
    std::expected<Permits, sync::closed> await_resume() noexcept {
        if (!this->waiter_.take() || !this->owner_->book(count_)) {
            return std::unexpected(sync::closed());
        }
        return Permits::adopt(*sender_, count_);
    }

private:
    const sync::mpmc_sender<T>* sender_;
    std::size_t count_;
};

}  // namespace edo::detail
