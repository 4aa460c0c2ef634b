// expect: callable
// expect: edo::task<void>
// expect: is a task and takes no arguments
// expect: pass the arguments to the coroutine
#include <edo/edo.hpp>

edo::task<> print(int);

void test() { edo::spawn(print(1), 2); }
