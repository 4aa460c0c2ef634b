// expect: argument 0
// expect: std::reference_wrapper<int>
// expect: is not owning
// expect: it is a reference wrapper
// expect: pass a copy or a std::shared_ptr
#include <edo/edo.hpp>

#include <functional>

edo::task<> get(int);

void test(const edo::runtime_handle& handle) {
    int number = 1;
    handle.spawn(get, std::ref(number));
}
