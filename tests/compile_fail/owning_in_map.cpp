// expect: argument 0
// expect: std::map<
// expect: is not owning
// expect: it holds std::string_view
// expect: pass what owns the data as std::string or std::vector
#include <edo/edo.hpp>

#include <map>
#include <string>
#include <string_view>

constexpr auto take = [](auto) -> edo::task<> { co_return; };

void test() { edo::spawn(take, std::map<std::string_view, int>{}); }
