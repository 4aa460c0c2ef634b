// expect: argument 0
// expect: const char*
// expect: is not owning
// expect: it is a raw pointer
// expect: pass a copy or a std::shared_ptr
#include <edo/edo.hpp>

#include <string>

edo::task<> print(std::string);

void test() {
    const char* text = "text";
    edo::spawn(print, text);
}
