// expect: parameter 0
// expect: double&&
// expect: would refer to a temporary made from
// expect: int
// expect: take it by value or pass exactly that type
#include <edo/edo.hpp>

edo::task<> keep(double&&);

void test() {
    int number = 1;
    edo::spawn(keep, number);
}
