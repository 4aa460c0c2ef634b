// expect: result
// expect: int
// expect: is not the result type of the set
// expect: long
// expect: return exactly that type
#include <edo/edo.hpp>

edo::task<int> get();
edo::task<long> get_long();

void test(edo::local_set& local) {
    edo::join_set<long> set;
    set.spawn_local_on(local, get);
}
