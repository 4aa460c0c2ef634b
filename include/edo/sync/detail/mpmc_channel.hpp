/// What the ends of an mpmc channel share.
#pragma once

#include <edo/base/detail/mutex.hpp>
#include <edo/sync/channel_errors.hpp>
#include <edo/sync/detail/mpsc_channel.hpp>
#include <edo/sync/detail/permit_leaf.hpp>

#include <deque>
#include <expected>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>

namespace edo::detail {

/// Values in their order, and two semaphores: a sender needs one permit of `room`, a receiver one of
/// `values`, each gives the other's back. They are fair, and a permit of one that is dropped goes to
/// the next. Closed, values that are left are taken without permits.
template <class T>
class mpmc_channel {
public:
    using stored = mpsc_value<T>;

    explicit mpmc_channel(std::size_t capacity) : room(checked(capacity)), max_capacity(capacity) {}
    mpmc_channel(const mpmc_channel&) = delete;
    mpmc_channel& operator=(const mpmc_channel&) = delete;

    /// Uses up a permit of `room`. False: it is closed, and the value stays where it was. Throws
    /// std::bad_alloc, and gives the permit back.
    [[nodiscard]] bool push(stored&& value) {
        bool is_in = false;
        try {
            lock_guard guard(lock_);
            if (!is_closed_) {
                queue_.push_back(std::move(value));
                is_in = true;
            }
        } catch (...) {
            room.give_back(1);
            throw;
        }
        (is_in ? values : room).give_back(1);
        return is_in;
    }
    /// Uses up a permit of `values`, unless it is closed.
    std::optional<T> pop() {
        std::optional<stored> taken;
        {
            lock_guard guard(lock_);
            if (queue_.empty()) { return std::nullopt; }
            taken.emplace(std::move(queue_.front()));
            queue_.pop_front();
        }
        room.give_back(1);
        return std::optional<T>(std::move(**taken));
    }
    [[nodiscard]] std::size_t size() noexcept {
        lock_guard guard(lock_);
        return queue_.size();
    }
    /// Nothing can be sent any more, not even by one who has got room.
    void close() noexcept {
        {
            lock_guard guard(lock_);
            is_closed_ = true;
        }
        room.close();
        values.close();
    }
    void add_sender() noexcept { senders.fetch_add(1, relaxed); }
    void drop_sender() noexcept {
        if (senders.fetch_sub(1, acq_rel) == 1) { close(); }  // acq_rel: pairs with the others'
    }
    void add_receiver() noexcept { receivers.fetch_add(1, relaxed); }
    void drop_receiver() noexcept {
        if (receivers.fetch_sub(1, acq_rel) != 1) { return; }  // acq_rel: pairs with the others'
        close();
        while (pop()) {}
    }

    batch_semaphore room;
    batch_semaphore values{0};
    const std::size_t max_capacity;
    atomic<std::size_t> senders{1};
    atomic<std::size_t> receivers{1};

private:
    static std::size_t checked(std::size_t capacity) {
        if (capacity == 0 || capacity > batch_semaphore::max_permits) {
            throw std::invalid_argument("edo: the capacity of an mpmc channel is at least 1");
        }
        return capacity;
    }
    mutex lock_;
    std::deque<stored> queue_ EDO_GUARDED_BY(lock_);
    bool is_closed_ EDO_GUARDED_BY(lock_) = false;
};

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

}  // namespace edo::detail
