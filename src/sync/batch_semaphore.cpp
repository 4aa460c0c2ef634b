#include <edo/sync/detail/batch_semaphore.hpp>

#include <algorithm>
#include <utility>

namespace edo::detail {

bool semaphore_waiter::arm(suspension& waiter) noexcept {
    disarm();  // of an earlier await of the same leaf
    if (phase_.load(relaxed) != phase::idle) { return false; }  // which has ended meanwhile
    is_armed_ = semaphore_->enqueue(*this, waiter);
    return is_armed_;
}

bool batch_semaphore::enqueue(semaphore_waiter& w, suspension& waiter) noexcept {
    using phase = semaphore_waiter::phase;
    lock_guard guard(lock_);
    std::size_t v = word_.load(relaxed);
    for (;;) {
        if ((v & closed_bit) != 0) {
            static_cast<void>(is_closed());  // acquires what was done before close()
            w.phase_.store(phase::closed, relaxed);
            return false;
        }
        const std::size_t available = v >> shift;
        const bool enough = available >= w.wanted_;
        const std::size_t next = enough ? v - (w.wanted_ << shift) : waiters_bit;
        // acquire: pairs with give_back()
        if (!word_.compare_exchange(v, next, acquire, relaxed)) { continue; }
        if (enough) {
            w.phase_.store(phase::granted, relaxed);
            return false;
        }
        w.remaining_ = w.wanted_ - available;
        w.waiter_ = &waiter;
        w.phase_.store(phase::queued, relaxed);
        waiters_.push_back(w);
        return true;
    }
}

bool semaphore_waiter::disarm() noexcept {
    if (!std::exchange(is_armed_, false)) { return false; }
    std::size_t held = 0;
    wake_list woken;
    {
        lock_guard guard(semaphore_->lock_);
        if (phase_.load(relaxed) == phase::queued) {
            intrusive_list<semaphore_waiter>::erase(*this);
            phase_.store(phase::idle, relaxed);
            held = wanted_ - remaining_;
            held = semaphore_->distribute(held, woken);
        }
    }
    woken.enqueue();
    return held != 0 && semaphore_->give_back(held);
}

std::size_t batch_semaphore::give_to_waiters(std::size_t n) noexcept {
    wake_list woken;
    {
        lock_guard guard(lock_);
        n = distribute(n, woken);
    }
    woken.enqueue();
    return n;
}

/// Gives `n` permits to the waiters in order. What is left: nobody waits any more, or more waiters
/// are due than `woken` can hold.
std::size_t batch_semaphore::distribute(std::size_t n, wake_list& woken) noexcept {
    while (semaphore_waiter* first = waiters_.front()) {
        if (n == 0 || woken.is_full()) { return n; }
        const std::size_t given = std::min(n, first->remaining_);
        n -= given;
        first->remaining_ -= given;
        if (first->remaining_ != 0) { return 0; }
        intrusive_list<semaphore_waiter>::erase(*first);
        suspension& waiter = *first->waiter_;
        // release: pairs with semaphore_waiter::ready()
        first->phase_.store(semaphore_waiter::phase::granted, release);
        woken.push(claim(waiter));
    }
    clear_waiters_bit();
    return n;
}

void batch_semaphore::clear_waiters_bit() noexcept {
    std::size_t v = word_.load(relaxed);
    while (!word_.compare_exchange(v, v & ~waiters_bit, relaxed, relaxed)) {}
}

/// The queue is emptied in batches. A permit that comes back between two of them may still go to the
/// next waiter, as if it had come before the close.
void batch_semaphore::close() noexcept {
    // acq_rel: pairs with is_closed(). Nobody queues any more once the bit is set.
    if ((word_.fetch_or(closed_bit, acq_rel) & waiters_bit) == 0) { return; }
    std::size_t returned = 0;
    for (bool more = true; more;) {
        wake_list woken;
        {
            lock_guard guard(lock_);
            while (!woken.is_full() && !waiters_.empty()) {
                semaphore_waiter& w = *waiters_.pop_front();
                returned += w.wanted_ - w.remaining_;
                suspension& waiter = *w.waiter_;
                // release: pairs with semaphore_waiter::ready()
                w.phase_.store(semaphore_waiter::phase::closed, release);
                woken.push(claim(waiter));
            }
            more = !waiters_.empty();
            if (!more) { clear_waiters_bit(); }
        }
        woken.enqueue();
    }
    give_back(returned);
}

}  // namespace edo::detail
