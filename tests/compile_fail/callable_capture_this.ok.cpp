#include <edo/edo.hpp>

class server {
public:
    void start() {
        edo::spawn([](int port) -> edo::task<int> { co_return port; }, port_);
    }

private:
    int port_ = 0;
};

void test() { server().start(); }
