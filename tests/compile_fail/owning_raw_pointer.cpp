// expect: argument 0
// expect: int*
// expect: is not owning
// expect: it is a raw pointer
// expect: pass a copy or a std::shared_ptr
#include <edo/edo.hpp>

constexpr auto take = [](auto) -> edo::task<> { co_return; };

void test() {
    int number = 1;
    edo::spawn(take, &number);
}
