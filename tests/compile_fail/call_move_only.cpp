// expect: argument 0
// expect: std::unique_ptr<int
// expect: cannot be copied into the task
// expect: pass std::move of it
#include <edo/edo.hpp>

#include <memory>
#include <utility>

edo::task<> keep(std::unique_ptr<int>);

void test() {
    auto pointer = std::make_unique<int>(1);
    edo::spawn(keep, pointer);
}
