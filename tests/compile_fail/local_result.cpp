// expect: result
// expect: int*
// expect: is not owning
// expect: it is a raw pointer
// expect: pass a copy or a std::shared_ptr
#include <edo/edo.hpp>

edo::task<int*> find();
edo::task<edo::rc<int>> make();

void test() { edo::spawn_local(find); }
