// expect: std::string
// expect: int
// expect: is not well formed
// expect: check the number and types of the arguments
#include <edo/edo.hpp>

#include <string>

edo::task<> print(std::string);

void test() {
    int number = 1;
    edo::spawn(print, number);
}
