#include <edo/edo.hpp>

edo::task<int&> find();
edo::task<int> copy();

void test() { edo::spawn(copy); }
