// expect: parameter 0
// expect: int&
// expect: is an lvalue reference
// expect: take it by value or by const reference
#include <edo/edo.hpp>

struct server {
    edo::task<> run(int&);
    edo::task<> stop(int);
};

void test() {
    int number = 1;
    edo::spawn(&server::run, server{}, number);
}
