#include <edo/edo.hpp>

void test() {
    int number = 1;
    edo::spawn(
        [](auto n) -> edo::task<> {
            ++n;
            co_return;
        },
        number);
}
