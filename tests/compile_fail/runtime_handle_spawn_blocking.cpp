// expect: argument 0
// expect: edo::rc<int>
// expect: is not sendable
// expect: it is declared so by its author
// expect: a type that may change threads
#include <edo/edo.hpp>

#include <memory>

void test(const edo::runtime_handle& handle) {
    handle.spawn_blocking([](auto) {}, edo::make_rc<int>(1));
}
