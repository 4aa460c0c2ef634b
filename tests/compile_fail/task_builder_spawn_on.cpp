// expect: argument 0
// expect: std::string_view
// expect: is not owning
// expect: it is a view
// expect: pass what owns the data, as std::string or std::vector
#include <edo/edo.hpp>

#include <string>
#include <string_view>

edo::task<> take(std::string);

void test(const edo::runtime_handle& handle) {
    edo::task_builder().spawn_on(handle, take, std::string_view("text"));
}
