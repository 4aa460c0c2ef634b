#include <edo/edo.hpp>

struct request {
    int id;
    int name;
};

constexpr auto take = [](auto) -> edo::task<> { co_return; };

void test() {
    request what{1, 2};
    edo::spawn(take, what);
}
