// expect: argument 0
// expect: request
// expect: is not owning
// expect: member 2
// expect: a view
// expect: pass what owns the data as std::string or std::vector
#include <edo/edo.hpp>

#include <string>
#include <string_view>
#include <vector>

struct header {
    int size;
    std::vector<std::string_view> names;
};

struct request {
    int id;
    int flags;
    header head;
};

constexpr auto take = [](auto) -> edo::task<> { co_return; };

void test() {
    request what{};
    edo::spawn(take, what);
}
