#include <edo/edo.hpp>

#include <string>

edo::task<> print(std::string);

void test() {
    const char* text = "text";
    edo::spawn(print, std::string(text));
}
