// What a first user writes: it includes the umbrella, builds a runtime and joins a task.
#include <edo/edo.hpp>

#include <cstdio>

namespace {

auto async_main() -> edo::task<int> {
    auto h = edo::spawn([]() -> edo::task<int> { co_return 42; });
    co_return co_await h;
}

}  // namespace

int main() {
    const int answer = edo::block_on(async_main());
    std::printf("the answer is %d\n", answer);
    return answer == 42 ? 0 : 1;
}
