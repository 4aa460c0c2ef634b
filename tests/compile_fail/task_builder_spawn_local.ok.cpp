#include <edo/edo.hpp>

void test() {
    const edo::rc<int> number = edo::make_rc<int>(1);
    edo::task_builder().spawn_local([](edo::rc<int> n) -> edo::task<int> { co_return *n; }, number);
}
