// expect: the result of a forked child is not sendable|call to deleted function
#include <edo/edo.hpp>

#include <memory>

edo::task<edo::rc<int>> make();
edo::task<std::shared_ptr<int>> share();

edo::task<> test() { co_await edo::fork_join(make(), share()); }
