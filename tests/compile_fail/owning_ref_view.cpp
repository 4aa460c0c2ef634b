// expect: argument 0
// expect: std::ranges::ref_view
// expect: is not owning
// expect: it is a view
// expect: pass what owns the data as std::string or std::vector
#include <edo/edo.hpp>

#include <ranges>
#include <utility>
#include <vector>

constexpr auto take = [](auto) -> edo::task<> { co_return; };

void test() {
    std::vector<int> numbers{1, 2, 3};
    edo::spawn(take, std::views::all(numbers));
}
