// expect: callable
// expect: lambda
// expect: has captures
// expect: pass what it captures as arguments (CP.51)
#include <edo/edo.hpp>

void test() {
    int number = 1;
    edo::spawn([&]() -> edo::task<> { ++number; co_return; });
}
