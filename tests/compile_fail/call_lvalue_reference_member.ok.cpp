#include <edo/edo.hpp>

struct server {
    edo::task<> run(int&);
    edo::task<> stop(int);
};

void test() {
    int number = 1;
    edo::spawn(&server::stop, server{}, number);
}
