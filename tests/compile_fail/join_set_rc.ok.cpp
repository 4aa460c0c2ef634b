#include <edo/edo.hpp>

edo::task<int> get(edo::rc<int>);

void test() {
    edo::join_set<int> set;
    set.spawn_local(get, edo::make_rc<int>(1));
}
