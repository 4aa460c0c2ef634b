// expect: double
// expect: is not the result type of the set
// expect: return exactly that type
#include <edo/edo.hpp>

edo::task<int> number();
edo::task<double> other();

void test(edo::join_set<int>& set) { set.spawn(other); }
