#include <edo/edo.hpp>

#include <string>
#include <string_view>

struct printer {
    std::string text;
    edo::task<> operator()() const;
};

void test() { edo::spawn(printer{"text"}); }
