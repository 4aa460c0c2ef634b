#include <edo/edo.hpp>

void test() {
    int number = 1;
    edo::spawn([](int n) -> edo::task<> { ++n; co_return; }, number);
}
