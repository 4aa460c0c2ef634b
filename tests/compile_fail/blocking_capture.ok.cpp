#include <edo/edo.hpp>

void test() {
    int number = 1;
    edo::spawn_blocking([](int n) { return n; }, number);
}
