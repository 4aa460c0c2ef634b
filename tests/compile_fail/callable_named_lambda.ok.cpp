#include <edo/edo.hpp>

void test() {
    int number = 1;
    auto work = [number]() -> edo::task<int> { co_return number; };
    edo::spawn(edo::unchecked(work));
}
