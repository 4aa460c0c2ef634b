#include <edo/edo.hpp>

int& find();
int copy();

void test() { edo::spawn_blocking(copy); }
