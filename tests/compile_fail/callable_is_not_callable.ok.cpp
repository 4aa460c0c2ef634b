#include <edo/edo.hpp>

void test() {
    int number = 1;
    edo::spawn([](int) -> edo::task<> { co_return; }, number);
}
