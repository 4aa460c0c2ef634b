#include <edo/edo.hpp>

#include <string>

edo::task<> print(const std::string&);

void test() { edo::spawn(print, std::string("text")); }
