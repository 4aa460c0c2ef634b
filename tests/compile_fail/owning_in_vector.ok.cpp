#include <edo/edo.hpp>

#include <string>
#include <string_view>
#include <vector>

constexpr auto take = [](auto) -> edo::task<> { co_return; };

void test() { edo::spawn(take, std::vector<std::string>{"a"}); }
