// expect: argument 0
// expect: std::lock_guard<std::mutex>
// expect: is not owning
// expect: it is a lock guard
// expect: lock inside the task
#include <edo/edo.hpp>

#include <mutex>

constexpr auto take = [](auto&&) -> edo::task<> { co_return; };

void test() {
    static std::mutex mutex;
    edo::spawn(take, std::lock_guard(mutex));
}
