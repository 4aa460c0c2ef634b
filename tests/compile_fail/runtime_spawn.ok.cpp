#include <edo/edo.hpp>

edo::task<> get(int*);

void test(edo::runtime& runtime) {
    int number = 1;
    static_cast<void>(number);
    runtime.spawn(get, nullptr);
}
