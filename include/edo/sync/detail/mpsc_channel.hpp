/// What the ends of an mpsc channel share. An unbounded channel is one with very many permits.
///
/// A permit is the right to one place in the queue: a sender acquires it, the receiver gives it
/// back when it has taken the value. So the channel is drained when it is closed and all permits
/// are back.
#pragma once

#include <edo/sync/detail/batch_semaphore.hpp>
#include <edo/sync/detail/block_list.hpp>
#include <edo/sync/detail/consumer_latch.hpp>
#include <edo/sync/notify.hpp>

#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace edo::detail {

/// How a T lies in the queue: as it is, or behind a pointer if moving it may throw.
template <class T>
class mpsc_value {
public:
    explicit mpsc_value(T&& value) : value_(std::move(value)) {}
    T& operator*() noexcept { return value_; }

private:
    T value_;
};
template <class T>
    requires(!std::is_nothrow_move_constructible_v<T>)
class mpsc_value<T> {
public:
    explicit mpsc_value(T&& value) : value_(std::make_unique<T>(std::move(value))) {}
    T& operator*() noexcept { return *value_; }

private:
    std::unique_ptr<T> value_;
};

template <class T>
class mpsc_channel {
public:
    explicit mpsc_channel(std::size_t capacity) : capacity_(capacity), semaphore_(capacity) {}
    mpsc_channel(const mpsc_channel&) = delete;
    mpsc_channel& operator=(const mpsc_channel&) = delete;

    // References: one of all senders together, one of the receiver, one of each weak sender.

    void add_sender() noexcept { senders_.fetch_add(1, relaxed); }
    /// For a weak sender. False: no sender is left.
    [[nodiscard]] bool try_add_sender() noexcept {
        std::size_t n = senders_.load(relaxed);
        while (n != 0) {
            if (senders_.compare_exchange(n, n + 1, relaxed, relaxed)) { return true; }
        }
        return false;
    }
    void drop_sender() noexcept {
        // seq_cst: pairs with receiver_is_ready(), which sees all that was sent
        if (senders_.fetch_sub(1, seq_cst) == 1) {
            wake_receiver();
            drop_reference();
        }
    }
    void add_weak() noexcept {
        weak_.fetch_add(1, relaxed);
        references_.fetch_add(1, relaxed);
    }
    void drop_weak() noexcept {
        weak_.fetch_sub(1, relaxed);
        drop_reference();
    }
    [[nodiscard]] std::size_t sender_count() const noexcept {
        return senders_.load(acquire);  // pairs with: drop_sender()
    }
    [[nodiscard]] std::size_t weak_count() const noexcept { return weak_.load(relaxed); }

    // Senders.

    [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }
    [[nodiscard]] batch_semaphore& semaphore() noexcept { return semaphore_; }
    [[nodiscard]] bool is_closed() const noexcept { return semaphore_.is_closed(); }
    [[nodiscard]] sync::notified closing() noexcept { return closing_.notified(); }
    /// Permits that are given back at the end of the scope.
    struct unused_permits {
        explicit unused_permits(mpsc_channel& c, std::size_t n) noexcept : channel(c), count(n) {}
        unused_permits(const unused_permits&) = delete;
        unused_permits& operator=(const unused_permits&) = delete;
        ~unused_permits() {
            if (count != 0) { channel.give_back(count); }
        }
        mpsc_channel& channel;
        std::size_t count;
    };
    /// Uses up a permit. Throws std::bad_alloc; then the permit is still the caller's.
    void push(mpsc_value<T>&& value) {
        values_.push(std::move(value));
        wake_receiver();
    }
    /// The same, but the permit is gone in any case.
    void push_or_give_back(mpsc_value<T>&& value) {
        unused_permits permit(*this, 1);
        push(std::move(value));
        permit.count = 0;
    }
    /// Gives permits back that were not used.
    void give_back(std::size_t permits) noexcept {
        if (semaphore_.give_back(permits)) { wake_receiver(); }
    }

    // The receiver.

    /// Whether a value can be taken, or never will. Stays true until the receiver takes something.
    [[nodiscard]] bool receiver_is_ready() const noexcept {
        // seq_cst: pairs with drop_sender()
        return values_.is_ready() || senders_.load(seq_cst) == 0 || semaphore_.is_idle(capacity_);
    }
    [[nodiscard]] bool arm(suspension& receiver) {
        return latch_.arm(receiver, [this]() noexcept { return receiver_is_ready(); });
    }
    void disarm() noexcept { latch_.disarm(); }
    /// Takes the oldest value; its permit must be given back.
    [[nodiscard]] std::optional<mpsc_value<T>> pop() noexcept { return values_.pop(); }
    /// The same for one who does not wait: a value that was sent is found, although an earlier send
    /// is still on its way.
    [[nodiscard]] std::optional<mpsc_value<T>> pop_sent() noexcept {
        for (;;) {
            auto value = values_.pop();
            if (value || values_.size() < 2) { return value; }
            yield_thread();
        }
    }
    /// Whether nothing can come any more, apart from what lies in the queue.
    [[nodiscard]] bool has_ended() const noexcept {
        return sender_count() == 0 || semaphore_.is_idle(capacity_);
    }
    [[nodiscard]] std::size_t size() const noexcept { return values_.size(); }
    void close() noexcept {
        semaphore_.close();
        closing_.notify_waiters();
        wake_receiver();  // another branch of the receiver's task may wait
    }
    void drop_receiver() noexcept {
        close();
        while (auto value = values_.pop()) { semaphore_.give_back(1); }
        drop_reference();
    }

private:
    ~mpsc_channel() = default;
    void drop_reference() noexcept {
        if (references_.fetch_sub(1, acq_rel) == 1) { delete this; }  // pairs with: the others'
    }
    void wake_receiver() noexcept {
        latch_.wake([this]() noexcept { return receiver_is_ready(); }).enqueue();
    }

    block_list<mpsc_value<T>> values_;
    consumer_latch latch_;
    std::size_t capacity_;
    [[maybe_unused]] line_gap gap_;
    batch_semaphore semaphore_;
    sync::notify closing_;
    atomic<std::size_t> senders_{1};
    atomic<std::size_t> weak_{0};
    atomic<std::size_t> references_{2};
};

}  // namespace edo::detail
