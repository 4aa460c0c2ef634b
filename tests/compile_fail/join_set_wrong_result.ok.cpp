#include <edo/edo.hpp>

edo::task<int> number();
edo::task<double> other();

void test(edo::join_set<int>& set) { set.spawn(number); }
