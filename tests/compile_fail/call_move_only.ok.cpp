#include <edo/edo.hpp>

#include <memory>
#include <utility>

edo::task<> keep(std::unique_ptr<int>);

void test() {
    auto pointer = std::make_unique<int>(1);
    edo::spawn(keep, std::move(pointer));
}
