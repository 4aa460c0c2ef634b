// expect: number
// expect: static storage duration|is not a constant expression
// expect: edo::static_ref_v<number>
#include <edo/edo.hpp>

edo::task<> take(int&);

void test() {
    int number = 1;
    static_cast<void>(number);
    edo::spawn(take, edo::static_ref_v<number>);
}
