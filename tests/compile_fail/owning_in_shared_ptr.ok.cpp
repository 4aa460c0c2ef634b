#include <edo/edo.hpp>

#include <memory>
#include <string>
#include <string_view>

constexpr auto take = [](auto) -> edo::task<> { co_return; };

void test() { edo::spawn(take, std::make_shared<std::string>("a")); }
