#include <edo/edo.hpp>

#include <shared_mutex>

constexpr auto take = [](auto) -> edo::task<> { co_return; };

void test() {
    static std::shared_mutex mutex;
    edo::spawn(take, std::shared_lock(mutex).owns_lock());
}
