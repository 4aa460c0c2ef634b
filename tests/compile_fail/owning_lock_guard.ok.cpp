#include <edo/edo.hpp>

#include <mutex>

constexpr auto take = [](auto&&) -> edo::task<> { co_return; };

void test() {
    static std::mutex mutex;
    edo::spawn(take, mutex.native_handle() != nullptr);
}
