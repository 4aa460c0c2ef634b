#include <edo/edo.hpp>
// expect: cannot bind rvalue reference|no matching function for call

#include <utility>

edo::task<int> child();

edo::task<> test() {
    edo::task<int> named = child();
    co_await edo::fork_join(named, child());
}
