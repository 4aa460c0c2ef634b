#include <edo/edo.hpp>

#include <memory>

constexpr auto take = [](auto) -> edo::task<> { co_return; };

void test(edo::task_scope& scope) { scope.spawn(take, std::make_shared<int>(1)).detach(); }
