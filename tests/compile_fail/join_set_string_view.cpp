// expect: argument 0
// expect: std::string_view
// expect: is not owning
// expect: it is a view
// expect: pass what owns the data as std::string or std::vector
#include <edo/edo.hpp>

#include <string>
#include <string_view>

edo::task<int> length(std::string);

void test() {
    edo::join_set<int> set;
    set.spawn(length, std::string_view("text"));
}
