#include "base/fork.hpp"

#include <edo/base/detail/mutex.hpp>
#include <edo/base/detail/parker.hpp>

#include <type_traits>

/// Which parker belongs to which thread.
namespace edo::detail {
namespace {

/// Parkers without a thread.
struct free_parkers {
    mutex lock;
    parker* first EDO_GUARDED_BY(lock) = nullptr;
};
// There from the start, and never destroyed: see shared_depot in src/coro/pool.cpp.
constinit free_parkers idle_parkers;
static_assert(std::is_trivially_destructible_v<free_parkers>);
[[maybe_unused]] const bool is_held_over_forks = (hold_over_forks(idle_parkers.lock), true);

/// The parker that the thread has brought along, or was lent.
thread_local constinit parker* current = nullptr;

/// Lends a parker to a thread for its life.
class parker_lease {
public:
    parker_lease() : parker_(&parker::reserve()) {}
    ~parker_lease() {
        if (current == parker_) { current = nullptr; }
        parker::give_back(*parker_);
    }
    parker_lease(const parker_lease&) = delete;
    parker_lease& operator=(const parker_lease&) = delete;
    [[nodiscard]] parker& get() const noexcept { return *parker_; }

private:
    parker* parker_;
};

}  // namespace

parker& parker::this_thread() {
    if (current == nullptr) {
        thread_local parker_lease lease;
        current = &lease.get();
    }
    return *current;
}

void parker::adopt(parker* p) noexcept { current = p; }

parker& parker::reserve() {
    free_parkers& list = idle_parkers;
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
    free_parkers& list = idle_parkers;
    lock_guard guard(list.lock);
    p.next_free = list.first;
    list.first = &p;
}

}  // namespace edo::detail
