/// The latch of a leaf with one waiter and one waker: one word, no lock.
#pragma once

#include <edo/coro/detail/cell_base.hpp>

namespace edo::detail {

/// EMPTY | suspension* | WAKING | DONE. The waker claims while the word says WAKING and touches
/// nothing after DONE except the claimed cell; a waiter that is dropped meanwhile spins until DONE
/// (a few instructions of the waker), so the branch never dies under the claim.
class word_latch {
public:
    /// Whether fire() has completed. acquire: pairs with the release store in fire()
    [[nodiscard]] bool is_done() const noexcept { return word_.load(acquire) == done; }
    /// Registers the waiter. False: the latch has fired. Throws std::logic_error if it has a waiter.
    [[nodiscard]] bool arm(suspension& s) {
        value expected = empty;
        const auto node = reinterpret_cast<value>(&s);
        // release: pairs with the exchange in fire(); acquire: with its store of DONE
        if (word_.compare_exchange(expected, node, release, acquire)) { return true; }
        if (expected != done && expected != waking) { throw_awaited_already(); }
        wait_until_done();
        return false;
    }
    /// Wakes the waiter, now or when it arms. Any number of times, from one thread at a time.
    [[nodiscard]] claimed fire() noexcept {
        claimed waiter;
        // acq_rel: pairs with arm()'s release and disarm()'s CAS
        const value before = word_.exchange(waking, acq_rel);
        if (before != empty && before != done) {
            waiter = claim(*reinterpret_cast<suspension*>(before));
        }
        word_.store(done, release);  // pairs with: is_done(), wait_until_done()
        return waiter;
    }
    /// Takes the waiter back; nothing claims it afterwards. True: it was there and is unclaimed.
    bool disarm(suspension& s) noexcept {
        value expected = reinterpret_cast<value>(&s);
        // acquire: pairs with fire()
        if (word_.compare_exchange(expected, empty, acquire, acquire)) { return true; }
        wait_until_done();
        return false;
    }
    /// Makes a latch that has fired ready for the next round. Only while nobody else uses it.
    void reset() noexcept { word_.store(empty, relaxed); }

private:
    using value = std::uintptr_t;
    static constexpr value empty = 0;
    static constexpr value done = 1;
    static constexpr value waking = 2;
    void wait_until_done() const noexcept {
        while (!is_done()) { cpu_relax(); }
    }
    atomic<value> word_{empty};
};

}  // namespace edo::detail
