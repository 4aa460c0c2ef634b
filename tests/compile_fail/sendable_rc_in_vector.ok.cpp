#include <edo/edo.hpp>

#include <memory>
#include <vector>

constexpr auto take = [](auto) -> edo::task<> { co_return; };

void test() { edo::spawn(take, std::vector<std::shared_ptr<int>>()); }
