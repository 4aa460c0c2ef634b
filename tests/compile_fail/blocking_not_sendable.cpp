// expect: edo::spawn_blocking
// expect: is not sendable
// expect: use a type that may change threads
#include <edo/edo.hpp>

struct pinned {
    int value = 0;
};
template <>
inline constexpr bool edo::enable_sendable<pinned> = false;

void test(pinned p) {
    edo::spawn_blocking([](pinned) {}, p).detach();
}
