// expect: callable
// expect: lambda
// expect: has a parameter that is an lvalue reference
// expect: take it by value or by const reference
#include <edo/edo.hpp>

void test() {
    int number = 1;
    edo::spawn(
        [](auto& n) -> edo::task<> {
            ++n;
            co_return;
        },
        number);
}
