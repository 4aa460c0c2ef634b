// expect: result
// expect: edo::task<>
// expect: is an edo::task
// expect: use spawn for coroutines
#include <edo/edo.hpp>

edo::task<> work();

void test(edo::runtime& runtime) { runtime.spawn_blocking(work); }
