// expect: argument 0
// expect: std::unique_lock<std::mutex>
// expect: is not owning
// expect: it is a lock guard
// expect: lock inside the task
#include <edo/edo.hpp>

#include <mutex>

constexpr auto take = [](auto) -> edo::task<> { co_return; };

void test() {
    static std::mutex mutex;
    edo::spawn(take, std::unique_lock(mutex));
}
