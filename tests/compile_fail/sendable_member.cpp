// expect: argument 0
// expect: request
// expect: is not sendable
// expect: member 1
// expect: declared so by its author
// expect: use spawn_local or a type that may change threads
#include <edo/edo.hpp>

#include <memory>

struct request {
    int id;
    edo::rc<int> body;
};

constexpr auto take = [](auto) -> edo::task<> { co_return; };

void test() {
    request what{};
    edo::spawn(take, what);
}
