#include <edo/edo.hpp>

#include <memory>

edo::task<edo::rc<int>> make();
edo::task<std::shared_ptr<int>> share();

void test() { edo::spawn(share); }
