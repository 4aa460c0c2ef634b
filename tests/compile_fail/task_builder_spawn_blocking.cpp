// expect: argument 0
// expect: const char*
// expect: is not owning
// expect: it is a string literal
// expect: pass a std::string
#include <edo/edo.hpp>

#include <cstddef>
#include <string>

std::size_t size(const std::string&);

void test() { edo::task_builder().spawn_blocking(size, "text"); }
