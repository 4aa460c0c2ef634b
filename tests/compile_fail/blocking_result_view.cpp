// expect: result
// expect: std::string_view
// expect: is not owning
// expect: it is a view
// expect: pass what owns the data as std::string or std::vector
#include <edo/edo.hpp>

#include <string>
#include <string_view>

std::string_view find();
std::string copy();

void test() { edo::spawn_blocking(find); }
