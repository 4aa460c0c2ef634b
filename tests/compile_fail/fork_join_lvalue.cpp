#include <edo/edo.hpp>
// expect: edo::fork_join forks tasks, which are passed as rvalues

#include <utility>

edo::task<int> child();

edo::task<> test() {
    edo::task<int> named = child();
    co_await edo::fork_join(named, child());
}
