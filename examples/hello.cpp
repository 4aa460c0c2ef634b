// [hello]
#include <edo/edo.hpp>
#include <edo/main.hpp>

#include <fmt/core.h>

#include <string>

using namespace std::chrono_literals;

edo::task<int> answer(std::string question) {
    co_await edo::sleep_for(10ms);
    co_return static_cast<int>(question.size());
}

edo::task<int> co_main(int, char**) {
    auto handle = edo::spawn(answer, std::string("What is the length of this?"));
    fmt::print("asked\n");
    const int n = co_await handle;
    fmt::print("answered: {}\n", n);
    co_return 0;
}
// [/hello]
