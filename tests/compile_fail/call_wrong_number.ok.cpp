#include <edo/edo.hpp>

edo::task<> print(int, int);

void test() { edo::spawn(print, 1, 2); }
