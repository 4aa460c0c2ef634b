// expect: argument 0
// expect: std::pmr::polymorphic_allocator|std::pmr::string
// expect: is not owning
// expect: it is a container with a memory resource
// expect: use an allocator that owns its memory
#include <edo/edo.hpp>

#include <memory_resource>
#include <string>

constexpr auto take = [](auto) -> edo::task<> { co_return; };

void test() { edo::spawn(take, std::pmr::string("text")); }
