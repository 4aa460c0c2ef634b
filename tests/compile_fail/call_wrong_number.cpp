// expect: int
// expect: is not well formed
// expect: check the number and types of the arguments
#include <edo/edo.hpp>

edo::task<> print(int, int);

void test() { edo::spawn(print, 1); }
