/// What the ends of a oneshot suspend on.
#pragma once

#include <edo/coro/detail/leaf.hpp>
#include <edo/sync/channel_errors.hpp>
#include <edo/sync/detail/oneshot_state.hpp>

#include <expected>
#include <type_traits>
#include <utility>
#include <variant>

namespace edo::sync {

template <class T>
class oneshot_sender;
template <class T>
class oneshot_receiver;

}  // namespace edo::sync

namespace edo::detail {

template <class T>
using oneshot_stored = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

struct oneshot_access {
    template <class T>
    static auto make() {
        auto* state = new oneshot_state<oneshot_stored<T>>;
        return std::pair(sync::oneshot_sender<T>(state), sync::oneshot_receiver<T>(state));
    }
    template <class End>
    static auto& state(End& end) {
        return end.checked();
    }
    template <class T>
    static std::expected<T, sync::closed> take(sync::oneshot_receiver<T>& receiver) {
        return receiver.take();
    }
};

/// Waits for the value. Receiver: oneshot_receiver<T> (owns) or oneshot_receiver<T>* (borrows).
template <class T, class Receiver>
class oneshot_leaf : public leaf<oneshot_leaf<T, Receiver>> {
public:
    explicit oneshot_leaf(Receiver receiver) noexcept : receiver_(std::move(receiver)) {}
    oneshot_leaf(oneshot_leaf&& other) noexcept : receiver_(std::move(other.receiver_)) {}
    oneshot_leaf& operator=(oneshot_leaf&&) = delete;

    bool ready() { return oneshot_access::state(receiver()).is_settled(); }
    bool arm(suspension& waiter) {
        return wait_.arm(oneshot_access::state(receiver()).receiver_latch, waiter);
    }
    void disarm() noexcept { wait_.disarm(); }
    std::expected<T, sync::closed> await_resume() {
        wait_.disarm();
        return oneshot_access::take(receiver());
    }

private:
    sync::oneshot_receiver<T>& receiver() noexcept {
        if constexpr (std::is_pointer_v<Receiver>) {
            return *receiver_;
        } else {
            return receiver_;
        }
    }
    Receiver receiver_;
    oneshot_wait wait_;  // goes first: the receiver keeps the latch alive
};

/// Waits until the receiver closes. Borrows the sender.
class oneshot_closed_leaf : public leaf<oneshot_closed_leaf> {
public:
    explicit oneshot_closed_leaf(oneshot_word& word) noexcept : word_(&word) {}
    oneshot_closed_leaf(oneshot_closed_leaf&& other) noexcept : word_(other.word_) {}
    oneshot_closed_leaf& operator=(oneshot_closed_leaf&&) = delete;

    [[nodiscard]] bool ready() const noexcept { return word_->is_closed(); }
    bool arm(suspension& waiter) { return wait_.arm(word_->sender_latch, waiter); }
    void disarm() noexcept { wait_.disarm(); }
    void await_resume() noexcept { wait_.disarm(); }

private:
    oneshot_word* word_;
    oneshot_wait wait_;
};

}  // namespace edo::detail
