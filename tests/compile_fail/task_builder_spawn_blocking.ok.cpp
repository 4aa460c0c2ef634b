#include <edo/edo.hpp>

#include <cstddef>
#include <string>

std::size_t size(const std::string&);

void test() { edo::task_builder().spawn_blocking(size, std::string("text")); }
