// expect: callable
// expect: lambda
// expect: has captures
// expect: pass what it captures as arguments (CP.51)
#include <edo/edo.hpp>

void test() {
    int number = 1;
    edo::spawn_local([number]() -> edo::task<int> { co_return number; });
}
