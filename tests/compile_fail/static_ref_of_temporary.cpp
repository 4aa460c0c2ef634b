// expect: deleted
// expect: static_ref
#include <edo/edo.hpp>

#include <string>

static const std::string text;

void test() { static_cast<void>(edo::static_ref(std::string("text"))); }
