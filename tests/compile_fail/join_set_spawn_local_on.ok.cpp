#include <edo/edo.hpp>

constexpr auto get = [](auto number) -> edo::task<int> { co_return *number; };

void test(edo::local_set& local) {
    edo::join_set<int> set;
    int number = 1;
    static_cast<void>(number);
    set.spawn_local_on(local, get, edo::make_rc<int>(number));
}
