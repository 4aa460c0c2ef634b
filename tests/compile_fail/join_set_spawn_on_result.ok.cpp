#include <edo/edo.hpp>

edo::task<int> get();
edo::task<long> get_long();

void test(const edo::runtime_handle& handle) {
    edo::join_set<long> set;
    set.spawn_on(handle, get_long);
}
