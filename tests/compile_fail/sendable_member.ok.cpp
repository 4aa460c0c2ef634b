#include <edo/edo.hpp>

#include <memory>

struct request {
    int id;
    std::shared_ptr<int> body;
};

constexpr auto take = [](auto) -> edo::task<> { co_return; };

void test() {
    request what{};
    edo::spawn(take, what);
}
