#include <edo/edo.hpp>

#include <string>
#include <string_view>

edo::task<int> length(std::string);

void test() {
    edo::join_set<int> set;
    set.spawn(length, std::string("text"));
}
