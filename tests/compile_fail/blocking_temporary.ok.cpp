#include <edo/edo.hpp>

double scale(const double&);

void test() { edo::spawn_blocking(scale, 1.0); }
