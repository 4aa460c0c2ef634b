// expect: result
// expect: void
// expect: is not an edo::task
// expect: return edo::task
#include <edo/edo.hpp>

void work();

void test() { edo::spawn(work); }
