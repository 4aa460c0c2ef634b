// expect: argument 0
// expect: edo::rc<int>
// expect: is not sendable
// expect: it is declared so by its author
#include <edo/edo.hpp>

#include <memory>

void test() {
    edo::spawn_blocking([](auto) {}, edo::make_rc<int>(1));
}
