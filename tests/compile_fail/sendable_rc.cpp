// expect: argument 0
// expect: edo::rc<int>
// expect: is not sendable
// expect: it is declared so by its author
// expect: use spawn_local or a type that may change threads
#include <edo/edo.hpp>

#include <memory>

constexpr auto take = [](auto) -> edo::task<> { co_return; };

void test() { edo::spawn(take, edo::make_rc<int>(1)); }
