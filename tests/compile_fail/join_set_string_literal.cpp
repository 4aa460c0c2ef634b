// expect: argument 0
// expect: const char*
// expect: is not owning
// expect: it is a string literal
// expect: pass a std::string
#include <edo/edo.hpp>

#include <string>

edo::task<int> length(std::string);

void test() {
    edo::join_set<int> set;
    set.spawn(length, "text");
}
