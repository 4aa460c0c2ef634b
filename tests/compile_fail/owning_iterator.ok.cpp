#include <edo/edo.hpp>

#include <vector>

constexpr auto take = [](auto) -> edo::task<> { co_return; };

void test() {
    std::vector<int> numbers{1, 2, 3};
    edo::spawn(take, numbers.front());
}
