#include <edo/edo.hpp>

#include <coroutine>

constexpr auto take = [](auto) -> edo::task<> { co_return; };

void test() { edo::spawn(take, 1); }
