// expect: argument 0
// expect: request
// expect: is not owning
// expect: member 1
// expect: a reference
// expect: pass a copy or a std::shared_ptr
#include <edo/edo.hpp>

struct request {
    int id;
    const int& name;
};

constexpr auto take = [](auto) -> edo::task<> { co_return; };

void test() {
    request what{1, 2};
    edo::spawn(take, what);
}
