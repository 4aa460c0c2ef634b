#include <edo/edo.hpp>

#include <string>
#include <variant>

constexpr auto take = [](auto) -> edo::task<> { co_return; };

void test() { edo::spawn(take, std::variant<int, std::string>("a")); }
