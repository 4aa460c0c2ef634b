#include <edo/edo.hpp>

edo::task<int> get(int&);
edo::task<int> copy(int);

void test() {
    edo::join_set<int> set;
    int number = 1;
    set.spawn_local(copy, number);
}
