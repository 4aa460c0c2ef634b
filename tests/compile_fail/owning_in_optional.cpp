// expect: argument 0
// expect: std::optional<std::string_view
// expect: is not owning
// expect: it holds std::string_view
// expect: pass what owns the data as std::string or std::vector
#include <edo/edo.hpp>

#include <optional>
#include <string>
#include <string_view>

constexpr auto take = [](auto) -> edo::task<> { co_return; };

void test() { edo::spawn(take, std::optional<std::string_view>("a")); }
