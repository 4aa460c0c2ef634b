#include <edo/edo.hpp>

#include <string>
#include <string_view>

edo::task<> take(std::string);

void test(const edo::runtime_handle& handle) {
    edo::task_builder().spawn_on(handle, take, std::string("text"));
}
