#include <edo/edo.hpp>

struct server {
    int port;
    edo::task<> run();
};

void test() {
    server instance{80};
    edo::spawn(&server::run, instance);
}
