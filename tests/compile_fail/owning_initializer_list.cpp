// expect: argument 0
// expect: std::initializer_list<int>
// expect: is not owning
// expect: it is an initializer list
// expect: pass what owns the data as std::string or std::vector
#include <edo/edo.hpp>

#include <initializer_list>
#include <vector>

constexpr auto take = [](auto) -> edo::task<> { co_return; };

void test() { edo::spawn(take, std::initializer_list<int>{1, 2}); }
