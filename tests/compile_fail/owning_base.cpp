// expect: argument 0
// expect: request
// expect: is not owning
// expect: member 0
// expect: a raw pointer
// expect: pass a copy or a std::shared_ptr
#include <edo/edo.hpp>

struct borrower {
    int* where;
};
struct owner {
    int what;
};

struct request : borrower {
    int id;
};

constexpr auto take = [](auto) -> edo::task<> { co_return; };

void test() {
    request what{};
    edo::spawn(take, what);
}
