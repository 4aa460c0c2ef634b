// expect: argument 0
// expect: std::array<int*, 1
// expect: is not owning
// expect: member 0|it holds int*
// expect: pass a copy or a std::shared_ptr
#include <edo/edo.hpp>

#include <array>

constexpr auto take = [](auto) -> edo::task<> { co_return; };

void test() {
    int number = 1;
    edo::spawn(take, std::array<int*, 1>{&number});
}
