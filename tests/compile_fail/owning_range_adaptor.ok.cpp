#include <edo/edo.hpp>

#include <ranges>
#include <vector>

constexpr auto take = [](auto) -> edo::task<> { co_return; };

void test() {
    std::vector<int> numbers{1, 2, 3};
    edo::spawn(take, std::vector(numbers) | std::views::take(2));
}
