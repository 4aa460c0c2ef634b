// Tasks that start at once, and the ways to get at their results.
#include <edo/edo.hpp>
#include <edo/main.hpp>

#include <fmt/core.h>

#include <cstddef>
#include <stdexcept>
#include <string>
#include <utility>

// [spawn]
edo::task<int> square(int x) { co_return x* x; }

edo::task<> values() {
    auto first = edo::spawn(square, 6);   // a function and its arguments
    auto second = edo::spawn(square(7));  // or a coroutine
    const int a = co_await first;
    const int b = co_await second;
    fmt::print("{} + {} = {}\n", a, b, a + b);
}
// [/spawn]

// [failure]
edo::task<> failures() {
    auto failing = edo::spawn([]() -> edo::task<int> {
        throw std::runtime_error("boom");
        co_return 0;
    });
    const auto result = co_await failing.join();  // std::expected<int, edo::join_error>
    if (result) {
        fmt::print("Got: {}\n", *result);
    } else {
        fmt::print("is_exception: {}\n", result.error().is_exception());
    }
}
// [/failure]

edo::task<std::size_t> length(std::string text) { co_return text.size(); }

edo::task<> names() {
    std::string text = "a string";
    // [names]
    auto handle = edo::spawn(length, std::move(text));  // the handle gets its own line
    const std::size_t n = co_await handle;
    // [/names]
    fmt::print("length: {}\n", n);
}

edo::task<int> co_main(int, char**) {
    co_await values();
    co_await failures();
    co_await names();
    co_return 0;
}
