#include <edo/base/detail/patience.hpp>
#include <edo/coro/detail/thread_cell.hpp>
#include <edo/sync/notify.hpp>

#include <utility>

/// The word: generation << 2 | state. The generation counts the calls of notify_waiters().
///
///     EMPTY     nobody waits, nothing is stored
///     WAITING   the list is not empty; only the holder of the lock changes the word
///     NOTIFIED  a notify_one() came while nobody waited
///
/// A notified whose generation is not the present one was meant by a notify_waiters(), whether or
/// not it is in the list. notify_waiters() takes the list as it is and empties it in batches: who
/// comes later is in the new one, so neither another notify_one() nor a later waiter is mistaken.
namespace edo::sync {
namespace {

constexpr std::uint64_t state_mask = 3;
constexpr std::uint64_t empty = 0;
constexpr std::uint64_t waiting = 1;
constexpr std::uint64_t stored = 2;
constexpr std::uint64_t one_generation = 4;

std::uint64_t state_of(std::uint64_t word) noexcept { return word & state_mask; }
std::uint64_t generation_of(std::uint64_t word) noexcept { return word & ~state_mask; }

}  // namespace

notified notify::notified() noexcept {
    // acquire: pairs with notify_waiters(): who comes after it sees what was done before it
    return {*this, generation_of(word_.load(detail::acquire))};
}

void notify::blocking_notified(std::source_location where) {
    detail::wait_in_thread(notified(), "notify::blocking_notified()", where);
}

void notify::notify_one() noexcept { notify_single(kind::first); }
void notify::notify_last() noexcept { notify_single(kind::last); }

void notify::notify_single(kind which) noexcept {
    std::uint64_t v = word_.load(detail::relaxed);
    for (;;) {
        while (state_of(v) != waiting) {
            // release: pairs with the CAS that takes the permit in notified
            if (word_.compare_exchange(v, generation_of(v) | stored, detail::release,
                                       detail::relaxed)) {
                return;
            }
        }
        detail::claimed woken;
        {
            detail::lock_guard guard(lock_);
            v = word_.load(detail::relaxed);
            // Nothing is stored under the lock: who takes a permit may destroy the notify.
            if (state_of(v) != waiting) { continue; }
            woken = notify_locked(which);
        }
        woken.enqueue();
        return;
    }
}

/// Gives a notification to the first or last waiter, or stores it.
detail::claimed notify::notify_locked(kind which) noexcept {
    std::uint64_t v = word_.load(detail::relaxed);
    while (state_of(v) != waiting) {
        // release: pairs with the CAS that takes the permit in notified
        if (word_.compare_exchange(v, generation_of(v) | stored, detail::release,
                                   detail::relaxed)) {
            return {};
        }
    }
    detail::notify_waiter* chosen = waiters_.front();
    if (which == kind::last) {
        chosen = static_cast<detail::notify_waiter*>(chosen->previous->previous);  // over the root
    }
    remove_locked(*chosen);
    detail::suspension* waiter = std::exchange(chosen->waiter, nullptr);
    chosen->got.store(which, detail::release);  // pairs with: notified::ready()
    if (waiter == nullptr) { return {}; }
    const detail::claimed woken = detail::claim(*waiter);
    if (woken) { chosen->is_last_access = true; }  // it runs when it is enqueued
    return woken;
}

void notify::remove_locked(detail::notify_waiter& place) noexcept {
    detail::intrusive_list<detail::notify_waiter>::erase(place);
    const std::uint64_t v = word_.load(detail::relaxed);
    if (waiters_.empty() && state_of(v) == waiting) {
        word_.store(generation_of(v) | empty, detail::relaxed);
    }
}

void notify::notify_waiters() noexcept {
    std::uint64_t v = word_.load(detail::relaxed);
    const auto count_up = [&] {
        while (state_of(v) != waiting) {
            // acq_rel: pairs with the loads of the generation in notify::notified() and ready()
            if (word_.compare_exchange(v, v + one_generation, detail::acq_rel, detail::relaxed)) {
                return true;
            }
        }
        return false;
    };
    if (count_up()) { return; }
    detail::intrusive_list<detail::notify_waiter> all;
    bool first_batch = true;
    for (bool more = true; more;) {
        detail::wake_list woken;
        {
            detail::lock_guard guard(lock_);
            if (std::exchange(first_batch, false)) {
                v = word_.load(detail::relaxed);
                if (count_up()) { return; }
                // release: pairs with the loads of the generation in notify::notified() and ready()
                word_.store(generation_of(v) + one_generation + empty, detail::release);
                all.splice_back(waiters_);
            }
            while (!woken.is_full() && !all.empty()) {
                detail::notify_waiter& place = *all.pop_front();
                detail::suspension* waiter = std::exchange(place.waiter, nullptr);
                place.got.store(kind::all, detail::release);  // pairs with: notified::ready()
                if (waiter == nullptr) { continue; }
                const detail::claimed task = detail::claim(*waiter);
                if (task) { place.is_last_access = true; }  // it runs when it is enqueued
                woken.push(task);
            }
            more = !all.empty();
        }
        woken.enqueue();
    }
}

notified::notified(notified&& other) noexcept
    : source_(other.source_),
      generation_(other.generation_),
      stage_(std::exchange(other.stage_, stage::done)) {
    if (stage_ != stage::enlisted) { return; }
    detail::lock_guard guard(source_->lock_);
    place_.got.store(other.place_.got.load(detail::relaxed), detail::relaxed);
    if (!other.place_.is_linked()) { return; }
    static_cast<detail::list_link&>(place_) = other.place_;
    place_.previous->next = place_.next->previous = &place_;
    static_cast<detail::list_link&>(other.place_) = {};
}

bool notified::ready() noexcept {
    // acquire: pairs with the release of the notify that is seen here
    std::uint64_t v = source_->word_.load(detail::acquire);
    if (stage_ == stage::fresh) {
        while (generation_of(v) == generation_) {
            if (state_of(v) != stored) { return false; }
            // acquire: pairs with notify_single()
            if (source_->word_.compare_exchange(v, generation_ | empty, detail::acquire,
                                                detail::acquire)) {
                stage_ = stage::holds_permit;
                return true;
            }
        }
        stage_ = stage::done;
        return true;
    }
    // acquire: pairs with the stores in notify_locked() and notify_waiters()
    return stage_ != stage::enlisted || place_.got.load(detail::acquire) != notify::kind::none ||
           generation_of(v) != generation_;
}

/// Looks for a notification for some 2 us, where that has paid lately: then another thread notifies
/// all the time, and to suspend and be woken takes longer. True: it has come.
bool notified::comes_at_once(luck known) noexcept {
    const auto nothing_came = [this, none = generation_ | empty] {
        return source_->word_.load(detail::relaxed) == none;
    };
    if (stage_ != stage::fresh || !nothing_came() || !detail::runs_in_parallel()) { return false; }
    const bool came = detail::look_briefly([&] { return !nothing_came(); }) && ready();
    if (came && known.is_best()) { return true; }
    came ? known.found() : known.missed();
    source_->luck_.store(known, detail::relaxed);
    return came;
}

/// Takes a place in the queue, or suspends `waiter` on the one that it has. False: is notified.
bool notified::enlist(detail::suspension* waiter) noexcept {
    detail::lock_guard guard(source_->lock_);
    if (stage_ == stage::fresh) {
        std::uint64_t v = source_->word_.load(detail::acquire);  // pairs with: notify_waiters()
        for (;;) {
            if (generation_of(v) != generation_) {
                stage_ = stage::done;
                return false;
            }
            if (state_of(v) == waiting) { break; }
            const bool permit = state_of(v) == stored;
            // acquire: pairs with notify_single()
            if (source_->word_.compare_exchange(v, generation_ | (permit ? empty : waiting),
                                                detail::acquire, detail::acquire)) {
                if (!permit) { break; }
                stage_ = stage::holds_permit;
                return false;
            }
        }
        source_->waiters_.push_back(place_);
        stage_ = stage::enlisted;
    } else if (stage_ != stage::enlisted ||
               place_.got.load(detail::relaxed) != notify::kind::none ||
               generation_of(source_->word_.load(detail::relaxed)) != generation_) {
        return false;
    }
    place_.waiter = waiter;
    return true;
}

void notified::disarm() noexcept {
    if (stage_ != stage::enlisted) { return; }
    detail::lock_guard guard(source_->lock_);
    place_.waiter = nullptr;
}

void notified::await_resume() noexcept {
    if (std::exchange(stage_, stage::done) != stage::enlisted) { return; }
    if (place_.is_last_access) { return; }
    // Else whoever woke us has to leave the lock first, so that the notify may be destroyed.
    // acquire: pairs with the stores in notify_locked() and notify_waiters()
    if (place_.got.load(detail::acquire) != notify::kind::none && source_->lock_.is_free()) {
        return;
    }
    detail::lock_guard guard(source_->lock_);
    if (place_.is_linked()) { source_->remove_locked(place_); }
}

notified::~notified() {
    if (stage_ == stage::holds_permit) { source_->notify_one(); }
    if (stage_ != stage::enlisted) { return; }
    detail::claimed woken;
    {
        detail::lock_guard guard(source_->lock_);
        if (place_.is_linked()) { source_->remove_locked(place_); }
        const auto got = place_.got.load(detail::relaxed);
        if (got == notify::kind::first || got == notify::kind::last) {
            woken = source_->notify_locked(got);
        }
    }
    woken.enqueue();
}

}  // namespace edo::sync
