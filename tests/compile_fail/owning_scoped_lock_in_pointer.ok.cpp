#include <edo/edo.hpp>

#include <memory>
#include <mutex>

constexpr auto take = [](auto) -> edo::task<> { co_return; };

using locked = std::scoped_lock<std::mutex, std::recursive_mutex>;

void test(std::unique_ptr<locked> lock) { edo::spawn(take, lock != nullptr); }
