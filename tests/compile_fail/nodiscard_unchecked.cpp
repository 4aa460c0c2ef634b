// flags: -Werror=unused-result
// expect: ignoring return|ignoring returned
// expect: nodiscard
#include <edo/edo.hpp>

void test() { edo::unchecked(1); }
