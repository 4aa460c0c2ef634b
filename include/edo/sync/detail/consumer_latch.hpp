/// The latch of a leaf with one waiter and many wakers.
#pragma once

#include <edo/coro/detail/cell_base.hpp>

namespace edo::detail {

/// EMPTY | suspension* with the flags WAKING and AGAIN.
///
/// A leaf that was woken must complete, so a waker claims only when the condition of the waiter
/// holds. It takes the latch (WAKING), asks the condition on behalf of the suspended waiter, and
/// claims, or puts the waiter back. Who comes meanwhile sets AGAIN: the one inside asks once more.
/// Neither side misses the other: what changes the condition and the word here are seq_cst, a waker
/// looks at the word after it has changed the condition, a waiter at the condition after the word.
class consumer_latch {
public:
    /// Suspends `s` unless `condition()` holds. False: it holds. Throws std::logic_error if somebody is
    /// suspended already.
    template <class Condition>
    [[nodiscard]] bool arm(suspension& s, const Condition& condition) {
        const auto node = reinterpret_cast<value>(&s);
        value v = empty;
        // seq_cst: pairs with wake(). A waker may still be leaving from the last time.
        while (!word_.compare_exchange(v, node, seq_cst, relaxed)) {
            if (v != empty && (v & waking) == 0) { throw_awaited_already(); }
            cpu_relax();
            v = empty;
        }
        if (!condition()) { return true; }
        for (v = node;;) {
            // acquire: pairs with the release of a waker that was inside
            if (word_.compare_exchange(v, next_of_impatient(v), acq_rel, acquire)) { break; }
            if (v == empty) { return true; }  // claimed
        }
        return (v & waking) != 0;
    }
    /// Takes the waiter back; nothing claims it afterwards.
    void disarm() noexcept {
        for (value v = word_.load(acquire); v != empty;) {  // pairs with: wake()
            if ((v & waking) != 0) {
                cpu_relax();
                v = word_.load(acquire);                                      // pairs with: wake()
            } else if (word_.compare_exchange(v, empty, acq_rel, acquire)) {  // pairs with: wake()
                return;
            }
        }
    }
    /// False: nobody waits, so there is nothing to wake. After the condition has changed.
    [[nodiscard]] bool may_hold_waiter() const noexcept {
        return word_.load(seq_cst) != empty;  // pairs with: arm()
    }
    /// Claims the waiter, if there is one and its condition holds. After the condition has changed.
    template <class Condition>
    [[nodiscard]] claimed wake(const Condition& condition) noexcept {
        value v = word_.load(seq_cst);  // pairs with: arm()
        for (;;) {
            if (v == empty) { return {}; }
            // acq_rel: pairs with arm(), and with the waker that is inside
            if (!word_.compare_exchange(v, (v & waking) != 0 ? v | again : v | waking, acq_rel,
                                        acquire)) {
                continue;
            }
            return (v & waking) != 0 ? claimed() : wake_inside(v, condition);
        }
    }

private:
    using value = std::uintptr_t;
    static constexpr value empty = 0;
    static constexpr value waking = 1;
    static constexpr value again = 2;

    /// The waiter finds its condition true: it goes, or leaves it to the waker that is inside.
    static value next_of_impatient(value v) noexcept {
        return (v & waking) != 0 ? v | again : empty;
    }
    template <class Condition>
    claimed wake_inside(value node, const Condition& condition) noexcept {
        for (;;) {
            if (condition()) {
                const claimed waiter = claim(*reinterpret_cast<suspension*>(node));
                word_.store(empty, release);  // pairs with: arm(), disarm()
                return waiter;
            }
            value v = node | waking;
            // acq_rel: pairs with arm(), disarm() and the other wakers
            if (word_.compare_exchange(v, node, acq_rel, acquire)) { return {}; }
            word_.exchange(node | waking, acq_rel);  // pairs with: the waker that has set AGAIN
        }
    }
    atomic<value> word_{empty};
};

}  // namespace edo::detail
