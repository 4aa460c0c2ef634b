#include <edo/edo.hpp>

#include <string>
#include <string_view>

constexpr auto take = [](auto) -> edo::task<> { co_return; };

void test() { edo::spawn(take, std::string("text")); }
