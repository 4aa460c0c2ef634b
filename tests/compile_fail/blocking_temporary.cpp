// expect: parameter 0
// expect: const double&
// expect: would refer to a temporary made from
// expect: int
#include <edo/edo.hpp>

double scale(const double&);

void test() { edo::spawn_blocking(scale, 1); }
