// expect: argument 0
// expect: std::vector<edo::rc<int>
// expect: is not sendable
// expect: it holds edo::rc<int>
// expect: use spawn_local or a type that may change threads
#include <edo/edo.hpp>

#include <memory>
#include <vector>

constexpr auto take = [](auto) -> edo::task<> { co_return; };

void test() { edo::spawn(take, std::vector<edo::rc<int>>()); }
