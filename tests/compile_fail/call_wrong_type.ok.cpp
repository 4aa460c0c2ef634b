#include <edo/edo.hpp>

#include <string>

edo::task<> print(std::string);

void test() {
    int number = 1;
    edo::spawn(print, std::to_string(number));
}
