// expect: argument 0
// expect: std::string_view
// expect: is not owning
// expect: it is a view
// expect: pass what owns the data as std::string or std::vector
#include <edo/edo.hpp>

#include <string_view>

constexpr auto take = [](auto) -> edo::task<> { co_return; };

void test() { edo::spawn_local(take, std::string_view("text")); }
