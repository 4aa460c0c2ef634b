#include <edo/base/detail/mutex.hpp>
#include <edo/base/detail/parker.hpp>

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <climits>

namespace edo::detail {
namespace {

/// Parkers without a thread. Never destroyed: threads may end after the static objects.
struct free_parkers {
    mutex lock;
    parker* first EDO_GUARDED_BY(lock) = nullptr;
};
free_parkers& idle_parkers() {
    static auto* list = new free_parkers;
    return *list;
}

/// The parker that a thread has brought along.
thread_local constinit parker* adopted = nullptr;

/// Lends a parker to a thread for its life.
class parker_lease {
public:
    parker_lease() : parker_(&parker::reserve()) {}
    ~parker_lease() { parker::give_back(*parker_); }
    parker_lease(const parker_lease&) = delete;
    parker_lease& operator=(const parker_lease&) = delete;
    [[nodiscard]] parker& get() const noexcept { return *parker_; }

private:
    parker* parker_;
};

}  // namespace

parker& parker::this_thread() {
    if (adopted != nullptr) { return *adopted; }
    thread_local parker_lease lease;
    return lease.get();
}

void parker::adopt(parker* p) noexcept { adopted = p; }

parker& parker::reserve() {
    free_parkers& list = idle_parkers();
    {
        lock_guard guard(list.lock);
        if (parker* found = list.first) {
            list.first = found->next_free;
            return *found;
        }
    }
    return *new parker;
}

void parker::give_back(parker& p) noexcept {
    free_parkers& list = idle_parkers();
    lock_guard guard(list.lock);
    p.next_free = list.first;
    list.first = &p;
}

bool parker::try_consume() noexcept {
    std::uint32_t expected = notified;
    return word_.load(relaxed) == notified &&
           word_.compare_exchange(expected, empty, acquire, relaxed);  // pairs with: unpark()
}

void parker::wait(const std::optional<std::chrono::steady_clock::time_point>& deadline) noexcept {
    std::uint32_t expected = empty;
    // acquire: pairs with unpark()'s exchange, when it came first
    if (!word_.compare_exchange(expected, parked, acquire, acquire)) {
        // An exchange: a plain store could lie in the store buffer while the caller looks at its
        // condition, and then swallow an unpark() that comes in between.
        word_.exchange(empty, acquire);  // pairs with: unpark()
        return;
    }
    timespec until{};
    if (deadline) {
        auto since_boot = deadline->time_since_epoch();
        auto seconds = std::chrono::duration_cast<std::chrono::seconds>(since_boot);
        until.tv_sec = seconds.count();
        until.tv_nsec = (since_boot - seconds).count();
    }
    // One wait only: the callers look at their condition again, and a spurious return is allowed.
    // FUTEX_WAIT_BITSET takes an absolute deadline of the monotonic clock, as steady_clock is here.
    ::syscall(SYS_futex, &word_.native(), FUTEX_WAIT_BITSET_PRIVATE, parked,
              deadline ? &until : nullptr, nullptr, FUTEX_BITSET_MATCH_ANY);
    word_.exchange(empty, acquire);  // pairs with: unpark()'s exchange
}

void parker::park() noexcept { wait(std::nullopt); }

void parker::park_until(std::chrono::steady_clock::time_point deadline) noexcept { wait(deadline); }

void parker::unpark() noexcept {
    // release: pairs with the acquire in wait() and try_consume()
    if (word_.exchange(notified, release) == parked) {
        ::syscall(SYS_futex, &word_.native(), FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
    }
}

}  // namespace edo::detail
