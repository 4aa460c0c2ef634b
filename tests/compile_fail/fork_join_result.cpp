// expect: edo::fork_join: the result of a child is not sendable
#include <edo/edo.hpp>

#include <memory>

edo::task<edo::rc<int>> make();
edo::task<std::shared_ptr<int>> share();

edo::task<> test() { co_await edo::fork_join(make(), share()); }
