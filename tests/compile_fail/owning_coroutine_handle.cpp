// expect: argument 0
// expect: std::coroutine_handle
// expect: is not owning
// expect: it is a coroutine handle
// expect: pass a copy or a std::shared_ptr
#include <edo/edo.hpp>

#include <coroutine>

constexpr auto take = [](auto) -> edo::task<> { co_return; };

void test() { edo::spawn(take, std::coroutine_handle<>(std::noop_coroutine())); }
