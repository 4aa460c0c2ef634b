// expect: argument 0
// expect: edo::rc<int>
// expect: is not sendable
#include <edo/edo.hpp>

#include <memory>

constexpr auto take = [](auto) -> edo::task<> { co_return; };

void test(edo::task_scope& scope) { scope.spawn(take, edo::make_rc<int>(1)).detach(); }
