// expect: argument 0
// expect: std::shared_lock<std::shared_mutex>
// expect: is not owning
// expect: it is a lock guard
// expect: lock inside the task
#include <edo/edo.hpp>

#include <shared_mutex>

constexpr auto take = [](auto) -> edo::task<> { co_return; };

void test() {
    static std::shared_mutex mutex;
    edo::spawn(take, std::shared_lock(mutex));
}
