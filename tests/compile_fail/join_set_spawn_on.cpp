// expect: argument 0
// expect: edo::rc<int>
// expect: is not sendable
// expect: it is declared so by its author
// expect: use spawn_local or a type that may change threads
#include <edo/edo.hpp>

#include <memory>

constexpr auto get = [](auto number) -> edo::task<int> { co_return *number; };

void test(const edo::runtime_handle& handle) {
    edo::join_set<int> set;
    set.spawn_on(handle, get, edo::make_rc<int>(1));
}
