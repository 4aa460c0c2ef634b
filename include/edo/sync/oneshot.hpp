/// A channel for one value.
#pragma once

#include <edo/coro/detail/thread_cell.hpp>
#include <edo/sync/detail/oneshot_leaves.hpp>

#include <source_location>
#include <stdexcept>
#include <utility>

namespace edo::sync {

/// The end that sends the value.
///
/// Ownership      move-only. Dropped without a send(), the receiver gets `closed`.
/// Thread safety  one thread at a time; the two ends are independent.
/// Source         tokio::sync::oneshot::Sender.
template <class T>
class oneshot_sender {
    using stored = detail::oneshot_stored<T>;
    using unsent = std::conditional_t<std::is_void_v<T>, sync::closed, T>;

public:
    /// Takes the end over.
    oneshot_sender(oneshot_sender&& other) noexcept
        : state_(std::exchange(other.state_, nullptr)) {}
    /// Drops the own end and takes the other over.
    oneshot_sender& operator=(oneshot_sender&& other) noexcept {
        oneshot_sender moved(std::move(other));
        std::swap(state_, moved.state_);
        return *this;
    }
    ~oneshot_sender() {
        if (state_ != nullptr) {
            state_->give_up();
            state::release(state_);
        }
    }

    /// Sends the value; the sender is spent then. Never waits.
    ///
    /// Returns        nothing, or the value if the receiver is gone or has closed. A success does
    ///                not mean that the value will be looked at.
    /// Errors         throws std::logic_error if it was spent or moved from.
    std::expected<void, unsent> send(stored value)
        requires(!std::is_void_v<T>)
    {
        return put(std::move(value));
    }
    /// The same for a oneshot<void>: the error is `closed`.
    std::expected<void, unsent> send()
        requires std::is_void_v<T>
    {
        return put({});
    }
    /// Completes when the receiver closes or goes: nobody wants the value. Borrows the sender.
    ///
    /// Errors         throws std::logic_error if the sender was spent or moved from.
    /// Cancel safety  dropping it has no effect; it can be called again.
    [[nodiscard("co_await it")]] auto closed() { return detail::oneshot_closed_leaf(checked()); }
    /// Whether the receiver has closed or is gone, or this sender is spent.
    [[nodiscard]] bool is_closed() const noexcept {
        return state_ == nullptr || state_->is_closed();
    }

private:
    friend struct detail::oneshot_access;
    using state = detail::oneshot_state<stored>;
    explicit oneshot_sender(state* shared) noexcept : state_(shared) {}
    state& checked() const {
        if (state_ == nullptr) {
            throw std::logic_error("edo: this oneshot_sender has sent or was moved from");
        }
        return *state_;
    }
    std::expected<void, unsent> put(stored&& value) {
        checked().emplace(std::move(value));
        state* shared = std::exchange(state_, nullptr);
        if (shared->complete()) {
            state::release(shared);
            return {};
        }
        const release_guard guard(shared);
        if constexpr (std::is_void_v<T>) {
            return std::unexpected(sync::closed());
        } else {
            return std::unexpected(std::move(shared->value()));
        }
    }
    /// Frees a value that was refused, also when moving it out throws.
    class release_guard {
    public:
        explicit release_guard(state* shared) noexcept : shared_(shared) {}
        release_guard(const release_guard&) = delete;
        release_guard& operator=(const release_guard&) = delete;
        ~release_guard() {
            shared_->destroy_value();
            state::release(shared_);
        }

    private:
        state* shared_;
    };
    state* state_;
};

/// The end that gets the value: `co_await rx`, once.
///
/// Returns        std::expected<T, closed>; `closed` if the sender is gone without having sent.
/// Ownership      move-only. `co_await rx` on an lvalue borrows: dropped, rx can be awaited again;
///                completed, it is consumed, and another await throws std::logic_error. An rvalue
///                is owned by the await.
/// Cancel safety  dropping the await loses nothing; dropping the receiver closes.
/// Thread safety  one thread at a time; the two ends are independent.
/// Source         tokio::sync::oneshot::Receiver.
template <class T>
class oneshot_receiver {
public:
    /// Takes the end over.
    oneshot_receiver(oneshot_receiver&& other) noexcept
        : state_(std::exchange(other.state_, nullptr)) {}
    /// Drops the own end and takes the other over.
    oneshot_receiver& operator=(oneshot_receiver&& other) noexcept {
        oneshot_receiver moved(std::move(other));
        std::swap(state_, moved.state_);
        return *this;
    }
    ~oneshot_receiver() { drop(); }

    /// The awaiter of `co_await rx`: borrows.
    auto operator co_await() & { return detail::oneshot_leaf<T, oneshot_receiver*>(this); }
    /// The awaiter of `co_await std::move(rx)`: owns.
    auto operator co_await() && {
        return detail::oneshot_leaf<T, oneshot_receiver>(std::move(*this));
    }
    /// The same as `co_await rx`.
    [[nodiscard("co_await it")]] auto recv() & { return operator co_await(); }
    /// The same as `co_await std::move(rx)`.
    [[nodiscard("co_await it")]] auto recv() && { return std::move(*this).operator co_await(); }
    /// The value, if it is there. Taken or closed, the receiver is consumed, and says closed.
    [[nodiscard]] std::expected<T, try_recv_error> try_recv() {
        if (state_ == nullptr) { return std::unexpected(try_recv_error::closed); }
        if (!state_->is_settled()) { return std::unexpected(try_recv_error::empty); }
        auto result = take();
        if (!result) { return std::unexpected(try_recv_error::closed); }
        if constexpr (std::is_void_v<T>) {
            return {};
        } else {
            return std::move(*result);
        }
    }
    /// Waits on a plain thread, or in a blocking closure.
    ///
    /// Errors         throws std::logic_error inside a task, which must not block.
    std::expected<T, sync::closed> blocking_recv(
        std::source_location where = std::source_location::current()) {
        return detail::wait_in_thread(recv(), "oneshot_receiver::blocking_recv()", where);
    }
    /// Makes later sends fail. A value that was sent before can still be received.
    void close() noexcept {
        if (state_ != nullptr) { state_->close(); }
    }
    /// Whether no value is there to be received now.
    [[nodiscard]] bool is_empty() const noexcept {
        return state_ == nullptr || (state_->look() & detail::oneshot_word::has_value) == 0;
    }
    /// Whether it is consumed: the result was taken, or this was moved from.
    [[nodiscard]] bool is_terminated() const noexcept { return state_ == nullptr; }

private:
    friend struct detail::oneshot_access;
    using state = detail::oneshot_state<detail::oneshot_stored<T>>;
    explicit oneshot_receiver(state* shared) noexcept : state_(shared) {}
    state& checked() const {
        if (state_ == nullptr) {
            throw std::logic_error(
                "edo: this oneshot_receiver gave its result already, or was "
                "moved from; it gives it once");
        }
        return *state_;
    }
    std::expected<T, sync::closed> take() {
        oneshot_receiver own(std::move(*this));  // goes at the end, with what is left of the value
        if (own.is_empty()) { return std::unexpected(sync::closed()); }
        if constexpr (std::is_void_v<T>) {
            return {};
        } else {
            return std::move(own.state_->value());
        }
    }
    void drop() noexcept {
        if (state_ == nullptr) { return; }
        if ((state_->close() & detail::oneshot_word::has_value) != 0) { state_->destroy_value(); }
        state::release(state_);
    }
    state* state_;
};

/// Makes a channel for one value. `oneshot<void>()` sends that something has happened.
///
/// Returns        the two ends: auto [tx, rx] = oneshot<int>();
/// Errors         throws std::bad_alloc.
/// Allocation     one block, freed with the last end.
/// Source         tokio::sync::oneshot::channel.
template <class T>
[[nodiscard]] std::pair<oneshot_sender<T>, oneshot_receiver<T>> oneshot() {
    static_assert(!std::is_reference_v<T>, "edo::sync::oneshot sends values, not references");
    return detail::oneshot_access::make<T>();
}

}  // namespace edo::sync

namespace edo {

/// The ends may change threads if the value may, and borrow what the value borrows.
template <class T>
inline constexpr bool enable_sendable<sync::oneshot_sender<T>> = sendable<T>;
template <class T>
inline constexpr bool enable_owning<sync::oneshot_sender<T>> = owning<T>;
template <class T>
inline constexpr bool enable_sendable<sync::oneshot_receiver<T>> = sendable<T>;
template <class T>
inline constexpr bool enable_owning<sync::oneshot_receiver<T>> = owning<T>;
template <>
inline constexpr bool enable_owning<detail::oneshot_closed_leaf> = false;

}  // namespace edo
