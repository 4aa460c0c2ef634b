/// A value that changes, of which readers want the newest.
#pragma once

#include <edo/coro/detail/thread_cell.hpp>
#include <edo/coro/owning.hpp>
#include <edo/coro/sendable.hpp>
#include <edo/coro/task.hpp>
#include <edo/sync/detail/watch_state.hpp>

#include <expected>
#include <memory>
#include <shared_mutex>
#include <source_location>
#include <utility>

namespace edo::sync {

template <class T>
class watch_sender;
template <class T>
class watch_receiver;

/// The value of a watch, locked for reading: senders block until it is destroyed. Must be destroyed on
/// the same thread, before the next co_await.
///
/// Source         tokio::sync::watch::Ref.
template <class T>
class [[nodiscard]] watch_ref {
public:
    /// Takes the lock over.
    watch_ref(watch_ref&&) noexcept = default;
    /// Releases the own lock and takes the other one over.
    watch_ref& operator=(watch_ref&& other) noexcept {
        watch_ref moved(std::move(other));
        std::swap(state_, moved.state_);
        lock_.swap(moved.lock_);
        std::swap(has_changed_, moved.has_changed_);
        return *this;
    }
    ~watch_ref() = default;
    /// The value.
    [[nodiscard]] const T& operator*() const noexcept { return state_->value; }
    /// The value.
    [[nodiscard]] const T* operator->() const noexcept { return std::addressof(state_->value); }
    /// Whether the receiver that borrowed it had not seen this value before. False for a sender.
    [[nodiscard]] bool has_changed() const noexcept { return has_changed_; }

private:
    template <class>
    friend class watch_sender;
    template <class>
    friend class watch_receiver;
    explicit watch_ref(detail::watch_ptr<T> state)
        : state_(std::move(state)), lock_(state_->lock) {}
    detail::watch_ptr<T> state_;
    std::shared_lock<std::shared_mutex> lock_;
    bool has_changed_ = false;
};

/// The end that reads. It knows which value it has seen last; a new one has seen the present one.
///
/// Ownership      copies are receivers of their own that have seen the same. One that was moved from
///                may only be assigned to or destroyed.
/// Thread safety  one thread at a time.
/// Source         tokio::sync::watch::Receiver.
template <class T>
class watch_receiver {
public:
    /// Another receiver that has seen the same value.
    watch_receiver(const watch_receiver& other) noexcept
        : state_(other.state_), seen_(other.seen_) {
        if (state_) { state_->receivers.fetch_add(1, detail::relaxed); }
    }
    /// Takes the end over.
    watch_receiver(watch_receiver&& other) noexcept = default;
    /// Exchanges the ends.
    watch_receiver& operator=(watch_receiver other) noexcept {
        std::swap(state_, other.state_);
        std::swap(seen_, other.seen_);
        return *this;
    }
    ~watch_receiver() {
        if (state_) { state_->drop_receiver(); }
    }

    /// The newest value, locked; it does not count as seen.
    [[nodiscard]] watch_ref<T> borrow() const {
        watch_ref<T> ref(state_);
        ref.has_changed_ = state_->seen_version() != seen_;
        return ref;
    }
    /// The newest value, locked; it counts as seen.
    [[nodiscard]] watch_ref<T> borrow_and_update() {
        watch_ref<T> ref = borrow();
        seen_ = state_->seen_version();
        return ref;
    }
    /// Whether there is a value that was not seen; `closed` if not, and no sender is left.
    [[nodiscard]] std::expected<bool, closed> has_changed() const noexcept {
        const bool is_over = !state_->has_senders();  // first: the last value comes before the end
        const bool changed = state_->seen_version() != seen_;
        if (!changed && is_over) { return std::unexpected(closed()); }
        return changed;
    }
    /// Waits for a value that was not seen, which counts as seen then; `closed` if there is none and no
    /// sender is left. Borrows the receiver.
    ///
    /// Cancel safety  dropping the awaiter has no effect.
    [[nodiscard("co_await it")]] auto changed() noexcept {
        return detail::watch_changed<T>(*state_, seen_);
    }
    /// Waits until is_wanted(value) returns true, the present value first: std::expected<watch_ref<T>,
    /// closed>. Borrows the receiver. The result keeps the value locked: as a branch of join it would do so
    /// until the other branches have ended, and a sender would block its thread; take a copy inside a branch.
    ///
    /// Cancel safety  dropping it, values that were looked at count as seen.
    template <class Predicate>
    task<std::expected<watch_ref<T>, closed>> wait_for(Predicate is_wanted) {
        co_await detail::budget_leaf();  // the value may be there each time
        for (;;) {
            {
                watch_ref<T> ref = borrow_and_update();
                if (is_wanted(*ref)) { co_return std::move(ref); }
            }
            auto more = co_await changed();
            if (!more) { co_return std::unexpected(closed()); }
        }
    }
    /// changed() for a plain thread or a blocking closure.
    ///
    /// Errors         throws std::logic_error inside a task, which must not block.
    std::expected<void, closed> blocking_changed(
        std::source_location where = std::source_location::current()) {
        return detail::wait_in_thread(changed(), "watch_receiver::blocking_changed()", where);
    }
    /// wait_for() for a plain thread or a blocking closure.
    ///
    /// Errors         throws std::logic_error inside a task, which must not block.
    template <class Predicate>
    std::expected<watch_ref<T>, closed> blocking_wait_for(
        Predicate is_wanted, std::source_location where = std::source_location::current()) {
        for (;;) {
            {
                watch_ref<T> ref = borrow_and_update();
                if (is_wanted(*ref)) { return ref; }
            }
            auto more =
                detail::wait_in_thread(changed(), "watch_receiver::blocking_wait_for()", where);
            if (!more) { return std::unexpected(closed()); }
        }
    }
    /// The present value counts as one that was not seen.
    void mark_changed() noexcept {
        seen_ = state_->seen_version() - detail::watch_state<T>::one_change;
    }
    /// The present value counts as seen.
    void mark_unchanged() noexcept { seen_ = state_->seen_version(); }
    /// Whether the two belong to the same watch.
    [[nodiscard]] bool same_channel(const watch_receiver& other) const noexcept {
        return state_ == other.state_;
    }

private:
    friend class watch_sender<T>;
    template <class U>
    friend std::pair<watch_sender<U>, watch_receiver<U>> watch(U initial);
    explicit watch_receiver(detail::watch_ptr<T> state) noexcept
        : state_(std::move(state)), seen_(state_->seen_version()) {}
    detail::watch_ptr<T> state_;
    std::uint64_t seen_;
};

/// The end that writes.
///
/// Ownership      copies send to the same receivers. One that was moved from may only be assigned to or
///                destroyed. When the last one is gone, receivers get `closed` after the last value.
/// Thread safety  every const member may be called from any thread.
/// Source         tokio::sync::watch::Sender.
template <class T>
class watch_sender {
public:
    /// Another sender.
    watch_sender(const watch_sender& other) noexcept : state_(other.state_) {
        if (state_) { state_->senders.fetch_add(1, detail::relaxed); }
    }
    /// Takes the end over.
    watch_sender(watch_sender&& other) noexcept = default;
    /// Exchanges the ends.
    watch_sender& operator=(watch_sender other) noexcept {
        std::swap(state_, other.state_);
        return *this;
    }
    ~watch_sender() {
        if (state_) { state_->drop_sender(); }
    }

    /// Replaces the value and wakes the receivers. Blocks while others borrow the value.
    ///
    /// Returns        nothing, or the value if there is no receiver; it is not stored then.
    std::expected<void, send_error<T>> send(T value) const {
        if (state_->is_unwatched()) { return std::unexpected(send_error<T>(std::move(value))); }
        static_cast<void>(send_replace(std::move(value)));
        return {};
    }
    /// The same, also when there is no receiver. The old value.
    T send_replace(T value) const {
        state_->change([&](T& old) {
            std::swap(old, value);
            return true;
        });
        return value;
    }
    /// Calls f(value), which may change the value, and wakes the receivers. If f throws, they are not.
    template <class F>
    void send_modify(F f) const {
        state_->change([&](T& value) {
            f(value);
            return true;
        });
    }
    /// The same, but wakes the receivers only if f returns true. What it returned.
    template <class F>
    bool send_if_modified(F f) const {
        return state_->change([&](T& value) { return static_cast<bool>(f(value)); });
    }
    /// The value, locked.
    [[nodiscard]] watch_ref<T> borrow() const { return watch_ref<T>(state_); }
    /// Another receiver, which has seen the present value.
    [[nodiscard]] watch_receiver<T> subscribe() const {
        state_->receivers.fetch_add(1, detail::relaxed);
        return watch_receiver<T>(state_);
    }
    /// Waits until no receiver is left. Borrows the sender.
    ///
    /// Cancel safety  dropping the awaiter has no effect.
    [[nodiscard("co_await it")]] auto closed() const noexcept { return state_->wait_unwatched(); }
    /// Whether no receiver is left.
    [[nodiscard]] bool is_closed() const noexcept { return state_->is_unwatched(); }
    /// How many receivers there are.
    [[nodiscard]] std::size_t receiver_count() const noexcept {
        return state_->receivers.load(detail::relaxed);
    }
    /// How many senders there are.
    [[nodiscard]] std::size_t sender_count() const noexcept {
        return state_->senders.load(detail::relaxed);
    }
    /// Whether the two belong to the same watch.
    [[nodiscard]] bool same_channel(const watch_sender& other) const noexcept {
        return state_ == other.state_;
    }

private:
    template <class U>
    friend std::pair<watch_sender<U>, watch_receiver<U>> watch(U initial);
    explicit watch_sender(detail::watch_ptr<T> state) noexcept : state_(std::move(state)) {}
    detail::watch_ptr<T> state_;
};

/// `auto [tx, rx] = watch<T>(initial)`: a value that senders replace and receivers read. Receivers see
/// the newest value, not each. Throws std::bad_alloc. As tokio::sync::watch::channel.
template <class T>
[[nodiscard]] std::pair<watch_sender<T>, watch_receiver<T>> watch(T initial) {
    auto state = std::make_shared<detail::watch_state<T>>(std::move(initial));
    return {watch_sender<T>(state), watch_receiver<T>(state)};
}

}  // namespace edo::sync

namespace edo {

/// The ends may change threads if the value may.
template <class T>
inline constexpr bool enable_sendable<sync::watch_sender<T>> = sendable<T>;
template <class T>
inline constexpr bool enable_sendable<sync::watch_receiver<T>> = sendable<T>;
/// It holds a lock of its thread.
template <class T>
inline constexpr bool enable_sendable<sync::watch_ref<T>> = false;
template <class T>
inline constexpr bool enable_owning<sync::watch_sender<T>> = owning<T>;
template <class T>
inline constexpr bool enable_owning<sync::watch_receiver<T>> = owning<T>;
/// It refers to its end.
template <class T>
inline constexpr bool enable_owning<detail::watch_changed<T>> = false;

}  // namespace edo
