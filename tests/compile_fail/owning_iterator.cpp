// expect: argument 0
// expect: std::vector<int>
// expect: is not owning
// expect: it is an iterator
// expect: pass what owns the data
#include <edo/edo.hpp>

#include <vector>

constexpr auto take = [](auto) -> edo::task<> { co_return; };

void test() {
    std::vector<int> numbers{1, 2, 3};
    edo::spawn(take, numbers.begin());
}
