#include <edo/edo.hpp>

#include <initializer_list>
#include <vector>

constexpr auto take = [](auto) -> edo::task<> { co_return; };

void test() { edo::spawn(take, std::vector<int>{1, 2}); }
