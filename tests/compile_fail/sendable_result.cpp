// expect: result
// expect: edo::rc<int>
// expect: is not sendable
// expect: it is declared so by its author
// expect: use spawn_local or a type that may change threads
#include <edo/edo.hpp>

#include <memory>

edo::task<edo::rc<int>> make();
edo::task<std::shared_ptr<int>> share();

void test() { edo::spawn(make); }
