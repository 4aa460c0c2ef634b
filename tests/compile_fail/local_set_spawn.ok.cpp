#include <edo/edo.hpp>

edo::task<> work();

void test() {
    edo::local_set local;
    local.spawn_local(work);
}
