// expect: result
// expect: int
// expect: is not an edo::task
// expect: return edo::task
#include <edo/edo.hpp>

void test() {
    edo::spawn([] { return 1; });
}
