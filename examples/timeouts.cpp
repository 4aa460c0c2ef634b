// Sleeping, giving up, ticking.
#include <edo/edo.hpp>
#include <edo/main.hpp>

#include <fmt/core.h>

using namespace std::chrono_literals;

// [timeout]
edo::task<int> slow() {
    co_await edo::sleep_for(1h);
    co_return 1;
}

edo::task<> give_up() {
    const auto result =
        co_await edo::timeout(10ms, slow());  // slow() is dropped: its frame is gone
    fmt::print("{}\n", result ? "a value" : result.error().what());
}
// [/timeout]

// [interval]
edo::task<> tick() {
    edo::interval every(5ms);
    const auto start = co_await every.tick();  // the first tick comes at once
    for (int i = 0; i < 3; ++i) {
        const auto scheduled = co_await every.tick();
        fmt::print("tick at {} ms\n", (scheduled - start) / 1ms);
    }
}
// [/interval]

edo::task<int> co_main(int, char**) {
    co_await give_up();
    co_await tick();
    co_return 0;
}
