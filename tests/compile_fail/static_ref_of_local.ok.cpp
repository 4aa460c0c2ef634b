#include <edo/edo.hpp>

edo::task<> take(int&);

void test() {
    static int number = 1;
    static_cast<void>(number);
    edo::spawn(take, edo::static_ref_v<number>);
}
