// expect: callable
// expect: lambda
// expect: has captures
// expect: pass what it captures as arguments (CP.51)
#include <edo/edo.hpp>

void test() {
    const edo::rc<int> number = edo::make_rc<int>(1);
    edo::task_builder().spawn_local([number]() -> edo::task<int> { co_return *number; });
}
