#include <edo/edo.hpp>

#include <map>
#include <string>
#include <string_view>

constexpr auto take = [](auto) -> edo::task<> { co_return; };

void test() { edo::spawn(take, std::map<std::string, int>{}); }
