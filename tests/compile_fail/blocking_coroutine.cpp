// expect: result
// expect: edo::task<void>
// expect: is an edo::task
// expect: use spawn for coroutines
#include <edo/edo.hpp>

edo::task<> work();

void test() { edo::spawn_blocking(work); }
