#include <edo/edo.hpp>

constexpr auto take = [](auto) -> edo::task<> { co_return; };

void test() {
    int number = 1;
    static_cast<void>(number);
    edo::spawn(take, [] { return 1; });
}
