#include <edo/edo.hpp>

edo::task<> change(int&);
edo::task<> show(const int&);

void test() {
    int number = 1;
    edo::spawn(show, number);
}
