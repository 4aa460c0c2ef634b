/// What the ends of an mpmc channel share.
#pragma once

#include <edo/base/detail/mutex.hpp>
#include <edo/coro/detail/wait_queue.hpp>
#include <edo/sync/detail/batch_semaphore.hpp>
#include <edo/sync/detail/mpsc_channel.hpp>

#include <deque>
#include <optional>
#include <stdexcept>
#include <utility>

namespace edo::detail {

/// Values in their order, and two semaphores: a sender needs one permit of `room`, a receiver one of
/// `values`, each gives the other's back. They are fair, and a permit of one that is dropped goes to
/// the next. Room that is booked can be used after close() too: `values` is closed when all of it is
/// back, and the values that are left then are taken without permits.
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
        std::optional<stored> taken = pop_stored();
        if (!taken) { return std::nullopt; }
        return std::optional<T>(std::move(**taken));
    }
    [[nodiscard]] std::size_t size() noexcept {
        lock_guard guard(lock_);
        return queue_.size();
    }
    /// Turns `n` permits of `room` into booked places. False: it is closed, and the permits are gone.
    [[nodiscard]] bool book(std::size_t n) noexcept {
        {
            lock_guard guard(lock_);
            if (!is_closed_) {
                booked_ += n;
                return true;
            }
        }
        room.give_back(n);
        return false;
    }
    /// Uses up a booked place. Throws std::bad_alloc; the place is still booked then.
    void push_booked(stored&& value) {
        bool is_end;
        {
            lock_guard guard(lock_);
            queue_.push_back(std::move(value));
            is_end = end_booking(1);
        }
        values.give_back(1);
        if (is_end) { values.close(); }
    }
    /// Gives `n` booked places back, at least one.
    void unbook(std::size_t n) noexcept {
        bool is_end;
        {
            lock_guard guard(lock_);
            is_end = end_booking(n);
        }
        room.give_back(n);
        if (is_end) { values.close(); }
    }
    /// Nothing can be sent any more but by those who have booked; one who has merely got room has not.
    void close() noexcept {
        bool is_end;
        {
            lock_guard guard(lock_);
            is_closed_ = true;
            is_end = booked_ == 0;
        }
        room.close();
        if (is_end) { values.close(); }
        closing_.tell_all_if([] { return true; });
    }
    [[nodiscard]] bool is_closed() const noexcept { return room.is_closed(); }
    [[nodiscard]] auto wait_closed() noexcept {
        return until_leaf<mpmc_channel, &mpmc_channel::is_closed>(closing_, this);
    }
    void add_sender() noexcept { senders.fetch_add(1, relaxed); }
    /// For a weak sender. False: no sender is left.
    [[nodiscard]] bool try_add_sender() noexcept {
        std::size_t n = senders.load(relaxed);
        while (n != 0) {
            if (senders.compare_exchange(n, n + 1, relaxed, relaxed)) { return true; }
        }
        return false;
    }
    void drop_sender() noexcept {
        if (senders.fetch_sub(1, acq_rel) == 1) { close(); }  // acq_rel: pairs with the others'
    }
    void add_receiver() noexcept { receivers.fetch_add(1, relaxed); }
    void drop_receiver() noexcept {
        if (receivers.fetch_sub(1, acq_rel) != 1) { return; }  // acq_rel: pairs with the others'
        close();
        while (pop_stored()) {}
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
    /// pop() without a move of T.
    std::optional<stored> pop_stored() noexcept {
        std::optional<stored> taken;
        {
            lock_guard guard(lock_);
            if (queue_.empty()) { return taken; }
            taken.emplace(std::move(queue_.front()));
            queue_.pop_front();
        }
        room.give_back(1);
        return taken;
    }
    /// Whether these were the last places, and nothing will come any more.
    bool end_booking(std::size_t n) noexcept EDO_REQUIRES(lock_) {
        booked_ -= n;
        return booked_ == 0 && is_closed_;
    }

    mutex lock_;
    std::deque<stored> queue_ EDO_GUARDED_BY(lock_);
    std::size_t booked_ EDO_GUARDED_BY(lock_) = 0;
    bool is_closed_ EDO_GUARDED_BY(lock_) = false;
    wait_queue closing_;
};

}  // namespace edo::detail
