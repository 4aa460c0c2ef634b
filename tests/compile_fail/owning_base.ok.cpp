#include <edo/edo.hpp>

struct borrower {
    int* where;
};
struct owner {
    int what;
};

struct request : owner {
    int id;
};

constexpr auto take = [](auto) -> edo::task<> { co_return; };

void test() {
    request what{};
    edo::spawn(take, what);
}
