#include <edo/edo.hpp>

struct window {
    int handle;
};
template <>
inline constexpr bool edo::enable_sendable<window> = true;

constexpr auto take = [](auto) -> edo::task<> { co_return; };

void test() { edo::spawn(take, window{1}); }
