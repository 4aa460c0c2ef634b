#include <edo/edo.hpp>

struct pinned {
    int value = 0;
};
template <>
inline constexpr bool edo::enable_sendable<pinned> = true;

void test(pinned p) {
    edo::spawn_blocking([](pinned) {}, p).detach();
}
