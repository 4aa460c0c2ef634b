// One task: what asio.cpp does.
#include <edo/edo.hpp>

#include <cstdio>

namespace {

edo::task<> hello() {
    std::puts("hello");
    co_return;
}

}  // namespace

int main() {
    auto runtime = edo::runtime::current_thread().build();
    runtime.block_on(runtime.spawn(hello));
}
