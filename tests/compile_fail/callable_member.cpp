// expect: callable
// expect: printer
// expect: is not owning
// expect: member 0
// expect: a view
// expect: pass what owns the data as std::string or std::vector
#include <edo/edo.hpp>

#include <string>
#include <string_view>

struct printer {
    std::string_view text;
    edo::task<> operator()() const;
};

void test() { edo::spawn(printer{"text"}); }
