#include <edo/edo.hpp>

void test() { static_cast<void>(edo::unchecked(1)); }
