/// What the two ends of a oneshot share.
///
/// The word says what has happened, each bit is set once and stays:
///
///     VALUE        the value is in place; it now belongs to the receiver
///     SENDER_DONE  the sender has sent or is gone
///     CLOSED       the receiver has closed or is gone; VALUE is not set after it
///
/// Each end has a latch for the one task that waits there; the other end fires it after it has
/// changed the word, so a waiter that finds the word unchanged can rely on being woken.
#pragma once

#include <edo/coro/detail/pool.hpp>
#include <edo/coro/detail/word_latch.hpp>

#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace edo::detail {

/// The part that does not depend on the type of the value.
class oneshot_word {
public:
    using value = std::uint32_t;
    static constexpr value has_value = 1;
    static constexpr value sender_done = 2;
    static constexpr value closed = 4;

    oneshot_word() noexcept = default;
    oneshot_word(const oneshot_word&) = delete;
    oneshot_word& operator=(const oneshot_word&) = delete;

    /// acquire: pairs with complete() and close()
    [[nodiscard]] value look() const noexcept { return word_.load(acquire); }
    [[nodiscard]] bool is_closed() const noexcept { return (look() & closed) != 0; }
    /// Whether the receiver need not wait.
    [[nodiscard]] bool is_settled() const noexcept {
        return (look() & (sender_done | closed)) != 0;
    }

    /// The value is in place. False: the receiver has closed, the value stays the sender's.
    [[nodiscard]] bool complete() noexcept {
        value v = word_.load(relaxed);
        do {
            if ((v & closed) != 0) { return false; }
            // acq_rel: pairs with look() and close()
        } while (!word_.compare_exchange(v, v | has_value | sender_done, acq_rel, acquire));
        receiver_latch.fire().enqueue();
        return true;
    }
    /// The sender goes without having sent.
    void give_up() noexcept {
        // acq_rel: pairs with look() and close()
        if ((word_.fetch_or(sender_done, acq_rel) & closed) == 0) {
            receiver_latch.fire().enqueue();
        }
    }
    /// The receiver wants no value any more. What the word said before.
    value close() noexcept {
        const value before = word_.fetch_or(closed, acq_rel);  // pairs with: complete(), look()
        if ((before & (sender_done | closed)) == 0) {
            sender_latch.fire().enqueue();
            receiver_latch.fire().enqueue();  // another branch of the receiver's task may wait
        }
        return before;
    }
    /// One end is gone. True: it was the last, the caller frees the state.
    [[nodiscard]] bool drop_reference() noexcept {
        return references_.fetch_sub(1, acq_rel) == 1;  // pairs with: the other end's
    }

    word_latch receiver_latch;
    word_latch sender_latch;

protected:
    ~oneshot_word() = default;

private:
    atomic<value> word_{0};
    atomic<std::uint32_t> references_{2};
};

struct not_pooled {};
/// The pool aligns its blocks as operator new does.
template <class T>
using pooled_unless_overaligned =
    std::conditional_t<alignof(T) <= __STDCPP_DEFAULT_NEW_ALIGNMENT__, pooled, not_pooled>;

/// With room for the value. The ends construct and destroy it.
template <class T>
class oneshot_state final : public oneshot_word, public pooled_unless_overaligned<T> {
public:
    oneshot_state() noexcept {}
    ~oneshot_state() {}
    void emplace(T&& value) {
        ::new (static_cast<void*>(std::addressof(value_))) T(std::move(value));
    }
    [[nodiscard]] T& value() noexcept { return value_; }
    void destroy_value() noexcept { std::destroy_at(std::addressof(value_)); }
    /// One end is gone.
    static void release(oneshot_state* state) noexcept {
        if (state->drop_reference()) { delete state; }
    }

private:
    union {
        T value_;
    };
};

/// Suspends on one of the latches.
class oneshot_wait {
public:
    oneshot_wait() noexcept = default;
    oneshot_wait(const oneshot_wait&) = delete;
    oneshot_wait& operator=(const oneshot_wait&) = delete;
    ~oneshot_wait() { disarm(); }
    [[nodiscard]] bool arm(word_latch& latch, suspension& waiter) {
        disarm();  // of an earlier await of the same leaf
        if (!latch.arm(waiter)) { return false; }
        latch_ = &latch;
        waiter_ = &waiter;
        return true;
    }
    /// Takes the waiter back, or waits until its waker has left the latch.
    void disarm() noexcept {
        if (suspension* waiter = std::exchange(waiter_, nullptr)) { latch_->disarm(*waiter); }
    }

private:
    word_latch* latch_ = nullptr;
    suspension* waiter_ = nullptr;
};

}  // namespace edo::detail
