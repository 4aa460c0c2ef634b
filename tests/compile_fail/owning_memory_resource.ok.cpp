#include <edo/edo.hpp>

#include <memory_resource>
#include <string>

constexpr auto take = [](auto) -> edo::task<> { co_return; };

void test() { edo::spawn(take, std::string("text")); }
