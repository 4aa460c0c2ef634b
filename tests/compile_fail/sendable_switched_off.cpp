// expect: argument 0
// expect: window
// expect: is not sendable
// expect: it is declared so by its author
// expect: use spawn_local or a type that may change threads
#include <edo/edo.hpp>

struct window {
    int handle;
};
template <>
inline constexpr bool edo::enable_sendable<window> = false;

constexpr auto take = [](auto) -> edo::task<> { co_return; };

void test() { edo::spawn(take, window{1}); }
