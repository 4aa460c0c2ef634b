// expect: argument 0
// expect: int*
// expect: is not owning
// expect: it is a raw pointer
// expect: pass a copy or a std::shared_ptr
#include <edo/edo.hpp>

edo::task<> get(int*);

void test(edo::runtime& runtime) {
    int number = 1;
    static_cast<void>(number);
    runtime.spawn(get, &number);
}
