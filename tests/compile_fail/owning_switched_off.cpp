// expect: argument 0
// expect: cursor
// expect: is not owning
// expect: it is declared so by its author
// expect: pass a copy or a std::shared_ptr
#include <edo/edo.hpp>

class cursor {
    [[maybe_unused]] int* row_ = nullptr;
};
template <>
inline constexpr bool edo::enable_owning<cursor> = false;

constexpr auto take = [](auto) -> edo::task<> { co_return; };

void test() { edo::spawn(take, cursor()); }
