#include <edo/edo.hpp>

#include <functional>

edo::task<> get(int);

void test(const edo::runtime_handle& handle) {
    int number = 1;
    handle.spawn(get, number);
}
