// expect: callable
// expect: lambda
// expect: has captures
// expect: pass what it captures as arguments (CP.51)
#include <edo/edo.hpp>

edo::task<> work();

void test() {
    edo::local_set local;
    local.spawn_local([&local]() -> edo::task<> { local.spawn_local(work); co_return; });
}
