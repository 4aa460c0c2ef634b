// expect: argument 0
// expect: edo::rc<int>
// expect: is not sendable
// expect: it is declared so by its author
// expect: use spawn_local or a type that may change threads
#include <edo/edo.hpp>

edo::task<> take(edo::rc<int>);

void test() { edo::task_builder().name("taker").spawn(take, edo::make_rc<int>(1)); }
