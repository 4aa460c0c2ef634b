// expect: parameter 1
// expect: const double&
// expect: would refer to a temporary made from
// expect: int
// expect: take it by value or pass exactly that type
#include <edo/edo.hpp>

edo::task<> scale(int, const double&);

void test() { edo::spawn(scale, 1, 2); }
