#include <edo/edo.hpp>

class cursor {
    [[maybe_unused]] int* row_ = nullptr;
};
template <>
inline constexpr bool edo::enable_owning<cursor> = false;

constexpr auto take = [](auto) -> edo::task<> { co_return; };

void test() { edo::spawn(take, 1); }
