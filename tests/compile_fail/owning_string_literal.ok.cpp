#include <edo/edo.hpp>

#include <string>

edo::task<> print(int, std::string);

void test() { edo::spawn(print, 1, std::string("text")); }
