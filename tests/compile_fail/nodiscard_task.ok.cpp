#include <edo/edo.hpp>

edo::task<> work();

void test() { edo::spawn(work()); }
