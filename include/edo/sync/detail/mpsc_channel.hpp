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
    static constexpr std::size_t unbounded = batch_semaphore::max_permits + 1;

    explicit mpsc_channel(std::size_t capacity) noexcept
        : capacity_(capacity), semaphore_(capacity) {}
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
    /// After something has changed that the receiver may wait for: a value, an end, the last permit.
    void wake_receiver() noexcept {
        if (latch_.may_hold_waiter()) { wake_waiting_receiver(); }
    }
    /// Gives back permits that were not used.
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
        give_back_kept();
        return latch_.arm(receiver, [this]() noexcept { return receiver_is_ready(); });
    }
    void disarm() noexcept { latch_.disarm(); }
    /// Whether a value can be taken now.
    [[nodiscard]] bool has_value() noexcept { return values_.front() != nullptr; }
    /// Gives the permits of what was taken back at the end of its scope.
    struct taken_count {
        explicit taken_count(mpsc_channel& c) noexcept : channel(c) {}
        taken_count(const taken_count&) = delete;
        taken_count& operator=(const taken_count&) = delete;
        ~taken_count() {
            if (count != 0) { channel.give_back_taken(count); }
        }
        mpsc_channel& channel;
        std::size_t count = 0;
    };
    /// The oldest value, if there is one, which leaves the queue at the end of the scope.
    class taken {
    public:
        explicit taken(taken_count& count) noexcept
            : count_(count), value_(count.channel.values_.front()) {}
        taken(const taken&) = delete;
        taken& operator=(const taken&) = delete;
        ~taken() {
            if (value_ == nullptr) { return; }
            count_.channel.values_.pop_front();
            ++count_.count;
        }
        explicit operator bool() const noexcept { return value_ != nullptr; }
        T& operator*() const noexcept { return **value_; }

    private:
        taken_count& count_;
        mpsc_value<T>* value_;
    };
    /// has_value() for one who does not wait: a value that was sent is found, although an earlier
    /// send is still on its way.
    [[nodiscard]] bool has_sent_value() noexcept {
        while (!has_value()) {
            if (values_.size() < 2) { return false; }
            yield_thread();
        }
        return true;
    }
    /// Whether nothing can come any more, apart from what lies in the queue.
    [[nodiscard]] bool has_ended() noexcept {
        give_back_kept();
        return sender_count() == 0 || semaphore_.is_idle(capacity_);
    }
    [[nodiscard]] std::size_t size() const noexcept { return values_.size(); }
    [[nodiscard]] std::size_t free_places() const noexcept {
        return semaphore_.available() + kept_;
    }
    void close() noexcept {
        semaphore_.close();
        closing_.notify_waiters();
        wake_receiver();  // another branch of the receiver's task may wait
    }
    void drop_receiver() noexcept {
        close();
        for (taken_count all(*this); taken(all);) {}
        drop_reference();
    }

private:
    ~mpsc_channel() = default;
    void drop_reference() noexcept {
        if (references_.fetch_sub(1, acq_rel) == 1) { delete this; }  // pairs with: the others'
    }
    /// Nobody waits for a place in an unbounded channel: there permits go back in batches, at the
    /// latest before the receiver asks whether more can come.
    void give_back_taken(std::size_t permits) noexcept {
        kept_ += permits;
        if (capacity_ != unbounded || kept_ >= kept_at_most) { give_back_kept(); }
    }
    void give_back_kept() noexcept { semaphore_.give_back(std::exchange(kept_, 0)); }
    [[gnu::noinline]] void wake_waiting_receiver() noexcept {
        latch_.wake([this]() noexcept { return receiver_is_ready(); }).enqueue();
    }

    static constexpr std::size_t kept_at_most = 32;

    block_list<mpsc_value<T>> values_;
    /// Permits of an unbounded channel that the receiver still has to give back.
    std::size_t kept_ = 0;
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
