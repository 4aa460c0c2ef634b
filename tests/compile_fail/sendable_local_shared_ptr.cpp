// expect: argument 0
// expect: boost::local_shared_ptr<int>
// expect: is not sendable
// expect: it is a pointer with a count that is not atomic
// expect: use std::shared_ptr
#include <edo/edo.hpp>

#include <memory>

namespace boost {
template <class T>
class local_shared_ptr : public std::shared_ptr<T> {};
}  // namespace boost

constexpr auto take = [](auto) -> edo::task<> { co_return; };

void test() { edo::spawn(take, boost::local_shared_ptr<int>()); }
