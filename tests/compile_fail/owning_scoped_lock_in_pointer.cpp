// expect: argument 0
// expect: std::scoped_lock<std::mutex, std::recursive_mutex>
// expect: is not owning
// expect: it holds std::scoped_lock<std::mutex, std::recursive_mutex>
// expect: lock inside the task
#include <edo/edo.hpp>

#include <memory>
#include <mutex>

constexpr auto take = [](auto) -> edo::task<> { co_return; };

using locked = std::scoped_lock<std::mutex, std::recursive_mutex>;

void test(std::unique_ptr<locked> lock) { edo::spawn(take, std::move(lock)); }
