#include <edo/edo.hpp>

edo::task<int*> find();
edo::task<edo::rc<int>> make();

void test() { edo::spawn_local(make); }
