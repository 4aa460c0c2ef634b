#include <edo/edo.hpp>

#include <array>

constexpr auto take = [](auto) -> edo::task<> { co_return; };

void test() {
    int number = 1;
    edo::spawn(take, std::array<int, 1>{number});
}
