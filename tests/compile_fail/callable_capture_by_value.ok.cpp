#include <edo/edo.hpp>

void test() {
    int number = 1;
    edo::spawn([](int n) -> edo::task<int> { co_return n; }, number);
}
