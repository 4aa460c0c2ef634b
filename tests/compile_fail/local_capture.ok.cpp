#include <edo/edo.hpp>

void test() {
    int number = 1;
    edo::spawn_local([](int n) -> edo::task<int> { co_return n; }, number);
}
