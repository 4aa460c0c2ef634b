// expect: result
// expect: std::string_view
// expect: is not owning
// expect: it is a view
// expect: pass what owns the data as std::string or std::vector
#include <edo/edo.hpp>

#include <string>
#include <string_view>

edo::task<std::string_view> find();
edo::task<std::string> copy();

void test() { edo::spawn(find); }
