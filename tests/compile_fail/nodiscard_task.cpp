// flags: -Werror=unused-result
// expect: ignoring return|ignoring returned
// expect: nodiscard
// expect: a task does nothing until it is awaited or spawned
#include <edo/edo.hpp>

edo::task<> work();

void test() { work(); }
