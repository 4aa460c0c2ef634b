#include <edo/edo.hpp>

edo::task<> take(edo::rc<int>);

void test() { edo::task_builder().name("taker").spawn_local(take, edo::make_rc<int>(1)); }
