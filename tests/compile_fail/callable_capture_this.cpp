// expect: callable
// expect: lambda
// expect: has captures
// expect: pass what it captures as arguments (CP.51)
#include <edo/edo.hpp>

class server {
public:
    void start() {
        edo::spawn([this]() -> edo::task<int> { co_return port_; });
    }

private:
    int port_ = 0;
};

void test() { server().start(); }
