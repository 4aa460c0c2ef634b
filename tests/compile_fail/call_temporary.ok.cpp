#include <edo/edo.hpp>

edo::task<> scale(int, const double&);

void test() { edo::spawn(scale, 1, 2.0); }
