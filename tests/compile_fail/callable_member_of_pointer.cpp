// expect: argument 0
// expect: server*
// expect: is not owning
// expect: it is a raw pointer
// expect: pass a copy or a std::shared_ptr
#include <edo/edo.hpp>

struct server {
    int port;
    edo::task<> run();
};

void test() {
    server instance{80};
    edo::spawn(&server::run, &instance);
}
