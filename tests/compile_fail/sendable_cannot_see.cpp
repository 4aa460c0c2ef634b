// expect: argument 0
// expect: grid
// expect: is not sendable
// expect: it is an aggregate whose members cannot be seen
// expect: specialise edo::enable_sendable
#include <edo/edo.hpp>

struct cell {
    explicit cell(int);
};
struct grid {
    cell cells[100];
};
template <>
inline constexpr bool edo::enable_owning<grid> = true;
template <>
inline constexpr bool edo::enable_sendable<grid*> = true;

constexpr auto take = [](auto) -> edo::task<> { co_return; };

void test(const grid& cells) { edo::spawn(take, cells); }
