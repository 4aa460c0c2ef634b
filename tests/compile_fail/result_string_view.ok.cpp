#include <edo/edo.hpp>

#include <string>
#include <string_view>

edo::task<std::string_view> find();
edo::task<std::string> copy();

void test() { edo::spawn(copy); }
