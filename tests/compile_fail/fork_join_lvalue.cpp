#include <edo/edo.hpp>
// expect: fork_join takes tasks as rvalues|call to deleted function

#include <utility>

edo::task<int> child();

edo::task<> test() {
    edo::task<int> named = child();
    co_await edo::fork_join(named, child());
}
