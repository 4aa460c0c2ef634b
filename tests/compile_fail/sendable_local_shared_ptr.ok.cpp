#include <edo/edo.hpp>

#include <memory>

namespace boost {
template <class T>
class local_shared_ptr : public std::shared_ptr<T> {};
}  // namespace boost

constexpr auto take = [](auto) -> edo::task<> { co_return; };

void test() { edo::spawn(take, std::shared_ptr<int>()); }
