// expect: argument 0
// expect: std::shared_ptr<std::string_view
// expect: is not owning
// expect: it holds std::string_view
// expect: pass what owns the data as std::string or std::vector
#include <edo/edo.hpp>

#include <memory>
#include <string>
#include <string_view>

constexpr auto take = [](auto) -> edo::task<> { co_return; };

void test() { edo::spawn(take, std::make_shared<std::string_view>("a")); }
