// expect: callable
// expect: lambda
// expect: has captures
// expect: pass what it captures as arguments (CP.51)
#include <edo/edo.hpp>

void test() {
    edo::join_set<int> set;
    int number = 1;
    set.spawn_blocking([&] { return number; });
}
