// expect: callable
// expect: std::function<edo::task<
// expect: has members that cannot be seen
// expect: specialise edo::enable_owning
#include <edo/edo.hpp>

#include <functional>

edo::task<> work();

void test() { edo::spawn(std::function<edo::task<>()>(work)); }
