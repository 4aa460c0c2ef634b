#include <edo/edo.hpp>

#include <string>
#include <string_view>

std::string_view find();
std::string copy();

void test() { edo::spawn_blocking(copy); }
