// expect: argument 0
// expect: request
// expect: is not owning
// expect: member 1
// expect: a view
// expect: pass what owns the data as std::string or std::vector
#include <edo/edo.hpp>

#include <string>
#include <string_view>

struct request {
    int id;
    std::string_view name;
};

constexpr auto take = [](auto) -> edo::task<> { co_return; };

void test() {
    request what{};
    edo::spawn(take, what);
}
