#include <edo/edo.hpp>

edo::task<> print(int);

void test() { edo::spawn(print, 2); }
