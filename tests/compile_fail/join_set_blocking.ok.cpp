#include <edo/edo.hpp>

void test() {
    edo::join_set<int> set;
    int number = 1;
    set.spawn_blocking([](int n) { return n; }, number);
}
