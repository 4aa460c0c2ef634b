#include <edo/edo.hpp>

#include <string>
#include <string_view>

struct request {
    int id;
    std::string name;
};

constexpr auto take = [](auto) -> edo::task<> { co_return; };

void test() {
    request what{};
    edo::spawn(take, what);
}
