#include <edo/edo.hpp>

void test() {
    edo::spawn([]() -> edo::task<int> { co_return 1; });
}
