#include <edo/edo.hpp>

#include <memory>

constexpr auto get = [](auto number) -> edo::task<int> { co_return *number; };

void test(const edo::runtime_handle& handle) {
    edo::join_set<int> set;
    set.spawn_on(handle, get, std::make_shared<int>(1));
}
