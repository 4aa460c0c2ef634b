#include <edo/edo.hpp>

#include <string_view>

constexpr auto take = [](auto) -> edo::task<> { co_return; };

void test() { edo::spawn_local(take, edo::make_rc<int>(1)); }
