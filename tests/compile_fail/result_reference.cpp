// expect: result
// expect: int&
// expect: is a reference
// expect: return it by value
#include <edo/edo.hpp>

edo::task<int&> find();
edo::task<int> copy();

void test() { edo::spawn(find); }
