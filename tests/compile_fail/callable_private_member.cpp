// expect: callable
// expect: printer
// expect: has members that cannot be seen
// expect: specialise edo::enable_owning
#include <edo/edo.hpp>

class printer {
public:
    explicit printer(int number) : number_(number) {}
    edo::task<int> operator()() const { co_return number_; }

private:
    int number_;
};
template <>
inline constexpr bool edo::enable_owning<printer*> = true;

void test() { edo::spawn(printer(1)); }
