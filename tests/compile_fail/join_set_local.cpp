// expect: parameter 0
// expect: int&
// expect: is an lvalue reference
// expect: take it by value or by const reference
#include <edo/edo.hpp>

edo::task<int> get(int&);
edo::task<int> copy(int);

void test() {
    edo::join_set<int> set;
    int number = 1;
    set.spawn_local(get, number);
}
