#include <edo/edo.hpp>

#include <tuple>

constexpr auto take = [](auto) -> edo::task<> { co_return; };

void test() {
    int number = 1;
    edo::spawn(take, std::tuple<int, int>(1, number));
}
