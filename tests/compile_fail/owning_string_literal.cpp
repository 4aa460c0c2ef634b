// expect: edo::spawn
// expect: argument 1
// expect: const char*
// expect: is not owning
// expect: it is a string literal
// expect: pass a std::string
#include <edo/edo.hpp>

#include <string>

edo::task<> print(int, std::string);

void test() { edo::spawn(print, 1, "text"); }
