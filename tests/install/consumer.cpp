// What a first user writes: both headers that stand outside the path rule, a task, and its join.
#include <edo/edo.hpp>
#include <edo/main.hpp>

#include <cstdio>

edo::task<int> co_main(int, char**) {
    auto h = edo::spawn([]() -> edo::task<int> { co_return 42; });
    const int answer = co_await h;
    std::printf("the answer is %d\n", answer);
    co_return answer == 42 ? 0 : 1;
}
