// expect: no matching function for call to fork_join
#include <edo/edo.hpp>

#include <memory>

edo::task<edo::rc<int>> make();
edo::task<std::shared_ptr<int>> share();

edo::task<> test() { co_await edo::fork_join(make(), share()); }
