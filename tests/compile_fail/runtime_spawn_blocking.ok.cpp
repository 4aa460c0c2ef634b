#include <edo/edo.hpp>

edo::task<> work();

void test(edo::runtime& runtime) { runtime.spawn(work); }
