#include <edo/edo.hpp>

#include <memory>

void test() {
    edo::spawn_blocking([](auto) {}, std::make_shared<int>(1));
}
