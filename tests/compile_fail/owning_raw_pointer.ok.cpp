#include <edo/edo.hpp>

constexpr auto take = [](auto) -> edo::task<> { co_return; };

void test() {
    int number = 1;
    edo::spawn(take, number);
}
