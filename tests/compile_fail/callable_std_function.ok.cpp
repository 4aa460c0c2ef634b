#include <edo/edo.hpp>

#include <functional>

edo::task<> work();

void test() { edo::spawn(work); }
