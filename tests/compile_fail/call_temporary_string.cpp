// expect: parameter 0
// expect: const std::string&
// expect: would refer to a temporary made from
// expect: const char*
// expect: take it by value or pass exactly that type
#include <edo/edo.hpp>

#include <string>

edo::task<> print(const std::string&);

void test() { edo::spawn(print, edo::unchecked("text")); }
