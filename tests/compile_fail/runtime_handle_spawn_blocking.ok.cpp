#include <edo/edo.hpp>

#include <memory>

void test(const edo::runtime_handle& handle) {
    handle.spawn_blocking([](auto) {}, std::make_shared<int>(1));
}
