#include <edo/edo.hpp>

#include <memory>
#include <mutex>

constexpr auto take = [](auto) -> edo::task<> { co_return; };

void test() {
    static std::mutex mutex;
    edo::spawn(take, edo::static_ref(mutex));
}
