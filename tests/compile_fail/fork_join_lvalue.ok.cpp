#include <edo/edo.hpp>

#include <utility>

edo::task<int> child();

edo::task<> test() {
    edo::task<int> named = child();
    co_await edo::fork_join(std::move(named), child());
}
