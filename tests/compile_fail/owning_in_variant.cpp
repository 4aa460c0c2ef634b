// expect: argument 0
// expect: std::variant<int, const char*>
// expect: is not owning
// expect: it holds const char*
// expect: pass a copy or a std::shared_ptr
#include <edo/edo.hpp>

#include <string>
#include <variant>

constexpr auto take = [](auto) -> edo::task<> { co_return; };

void test() { edo::spawn(take, std::variant<int, const char*>("a")); }
