// expect: argument 0
// expect: std::span<int
// expect: is not owning
// expect: it is a view
// expect: pass what owns the data as std::string or std::vector
#include <edo/edo.hpp>

#include <span>
#include <vector>

constexpr auto take = [](auto) -> edo::task<> { co_return; };

void test() {
    std::vector<int> numbers{1, 2, 3};
    edo::spawn(take, std::span(numbers));
}
