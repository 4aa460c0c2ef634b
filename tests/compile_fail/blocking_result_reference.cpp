// expect: result
// expect: int&
// expect: is a reference
// expect: return it by value
#include <edo/edo.hpp>

int& find();
int copy();

void test() { edo::spawn_blocking(find); }
