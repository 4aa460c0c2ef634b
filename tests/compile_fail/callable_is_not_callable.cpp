// expect: call
// expect: int
// expect: is not well formed
// expect: check the number and types of the arguments
#include <edo/edo.hpp>

void test() {
    int number = 1;
    edo::spawn(number);
}
