/// The messages of a broadcast channel that not every receiver has seen.
#pragma once

#include <edo/coro/detail/wait_queue.hpp>

#include <bit>
#include <exception>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

namespace edo::detail {

/// A ring of the last `capacity` messages, numbered from 0 on. Each slot knows how many receivers have
/// not seen its message; the last one takes it out. The queue's lock guards the slots and counts; what
/// readers look at without it is atomic.
template <class T>
class broadcast_ring {
public:
    explicit broadcast_ring(std::size_t capacity) : slots_(checked(capacity)) {}
    broadcast_ring(const broadcast_ring&) = delete;
    broadcast_ring& operator=(const broadcast_ring&) = delete;

    /// What a receiver finds.
    struct found {
        std::optional<T> value{};
        std::uint64_t lagged = 0;  ///< messages that it has missed
        bool is_closed = false;    ///< if there is nothing: nothing will come
    };

    /// Stores a message for all receivers. How many there are; with none the value stays.
    std::size_t send(T& value) {
        std::optional<T> old;  // dies after the lock was released
        std::size_t seers = 0;
        std::exception_ptr error;
        queue.tell_all_if([&] {
            seers = receivers_;
            if (seers == 0) { return false; }
            const std::uint64_t number = tail_.load(relaxed);
            slot& s = slots_[number % slots_.size()];
            try {
                old.swap(s.value);
                s.value.emplace(std::move(value));
            } catch (...) {
                s.value.reset();
                error = std::current_exception();
            }
            s.remaining = seers;
            tail_.store(number + 1, release);  // pairs with: is_ready()
            return true;
        });
        if (error) { std::rethrow_exception(error); }
        return seers;
    }
    /// The message number `next`, which a receiver has not seen; then its next one is another.
    found take(std::uint64_t& next) {
        lock_guard guard(queue.lock);
        const std::uint64_t tail = tail_.load(relaxed);
        if (next == tail) { return {.is_closed = !has_senders()}; }
        if (tail - next > slots_.size()) {
            const std::uint64_t oldest = tail - slots_.size();
            return {.lagged = oldest - std::exchange(next, oldest)};
        }
        slot& s = slots_[next % slots_.size()];
        found result;
        if (s.remaining == 1) {
            result.value.swap(s.value);
        } else {
            result.value = s.value;
        }
        --s.remaining;
        ++next;
        if (!result.value) { result.lagged = 1; }  // its move threw in send()
        return result;
    }
    /// Whether there is something for a receiver: a message, or the end.
    [[nodiscard]] bool is_ready(std::uint64_t next) const noexcept {
        return tail_.load(acquire) != next || !has_senders();  // pairs with: send()
    }

    /// One more receiver: the number of the first message that it will see.
    std::uint64_t add_receiver() noexcept {
        lock_guard guard(queue.lock);
        ++receivers_;
        return tail_.load(relaxed);
    }
    /// A receiver goes; messages that only it had not seen are destroyed.
    void remove_receiver(std::uint64_t next) noexcept {
        std::uint64_t end = 0;
        bool is_last = false;
        {
            lock_guard guard(queue.lock);
            is_last = --receivers_ == 0;
            end = tail_.load(relaxed);
            if (end - next > slots_.size()) { next = end - slots_.size(); }
        }
        for (; next != end; ++next) {
            std::optional<T> seen_by_all;
            lock_guard guard(queue.lock);
            if (tail_.load(relaxed) - next > slots_.size()) { continue; }
            slot& s = slots_[next % slots_.size()];
            if (--s.remaining != 0) { continue; }
            try {
                seen_by_all.swap(s.value);
            } catch (...) { s.value.reset(); }
        }
        if (is_last) {
            unheard.tell_all_if([] { return true; });
        }
    }
    [[nodiscard]] std::size_t receivers() noexcept {
        lock_guard guard(queue.lock);
        return receivers_;
    }

    [[nodiscard]] bool is_unheard() noexcept { return receivers() == 0; }
    /// Waits until no receiver is left.
    [[nodiscard]] auto wait_unheard() noexcept {
        return until_leaf<broadcast_ring, &broadcast_ring::is_unheard>(unheard, this);
    }

    void add_sender() noexcept { senders_.fetch_add(1, relaxed); }
    /// One more, if there is one.
    bool add_sender_if_any() noexcept {
        std::size_t n = senders_.load(relaxed);
        while (n != 0 && !senders_.compare_exchange(n, n + 1, relaxed, relaxed)) {}
        return n != 0;
    }
    void remove_sender() noexcept {
        // acq_rel: pairs with senders() and the other drops
        queue.tell_all_if([this] { return senders_.fetch_sub(1, acq_rel) == 1; });
    }
    [[nodiscard]] bool has_senders() const noexcept { return senders() != 0; }
    [[nodiscard]] std::size_t senders() const noexcept {
        return senders_.load(acquire);  // pairs with: remove_sender()
    }
    /// Messages that a receiver has not seen.
    [[nodiscard]] std::uint64_t pending(std::uint64_t next) const noexcept {
        return tail_.load(acquire) - next;  // pairs with: send()
    }
    /// Messages that are kept because somebody has not seen them.
    [[nodiscard]] std::size_t size() noexcept {
        lock_guard guard(queue.lock);
        std::size_t n = 0;
        for (const slot& s : slots_) { n += s.remaining != 0 ? 1 : 0; }
        return n;
    }

    wait_queue queue;
    wait_queue unheard;  ///< those who wait for the end of the last receiver

private:
    struct slot {
        std::optional<T> value;
        std::size_t remaining = 0;
    };
    static std::size_t checked(std::size_t capacity) {
        if (capacity == 0) {
            throw std::invalid_argument("edo: a broadcast channel needs a capacity of at least 1");
        }
        if (capacity > std::vector<slot>().max_size() / 2) {
            throw std::invalid_argument("edo: the capacity of this broadcast channel is too large");
        }
        return std::bit_ceil(capacity);
    }
    std::vector<slot> slots_;
    std::size_t receivers_ = 0;
    atomic<std::uint64_t> tail_{0};
    atomic<std::size_t> senders_{1};
};

}  // namespace edo::detail
