#include <edo/edo.hpp>

void test() {
    edo::join_set<int> set;
    int number = 1;
    set.spawn([](int n) -> edo::task<int> { co_return n; }, number);
}
