// expect: argument 0
// expect: std::reference_wrapper<int>
// expect: is not owning
// expect: it is a reference wrapper
// expect: pass a copy or a std::shared_ptr
#include <edo/edo.hpp>

#include <functional>

constexpr auto take = [](auto) -> edo::task<> { co_return; };

void test() {
    int number = 1;
    edo::spawn(take, std::ref(number));
}
