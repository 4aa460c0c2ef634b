// expect: parameter 0
// expect: int&
// expect: is an lvalue reference
// expect: take it by value or by const reference
#include <edo/edo.hpp>

edo::task<> change(int&);
edo::task<> show(const int&);

void test() {
    int number = 1;
    edo::spawn(change, number);
}
