#include <edo/edo.hpp>

edo::task<> keep(double&&);

void test() {
    int number = 1;
    edo::spawn(keep, 1.0 * number);
}
