#include <edo/edo.hpp>

#include <string>
#include <string_view>
#include <vector>

struct header {
    int size;
    std::vector<std::string> names;
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
