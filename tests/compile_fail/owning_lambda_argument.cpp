// expect: argument 0
// expect: lambda
// expect: is not owning
// expect: it is a lambda with captures
// expect: pass what it captures as arguments
#include <edo/edo.hpp>

constexpr auto take = [](auto) -> edo::task<> { co_return; };

void test() {
    int number = 1;
    static_cast<void>(number);
    edo::spawn(take, [number] { return number; });
}
