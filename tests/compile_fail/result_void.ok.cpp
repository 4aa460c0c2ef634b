#include <edo/edo.hpp>

void work();

void test() { edo::spawn_blocking(work); }
