// Work that blocks or computes for long goes to a pool of its own threads.
#include <edo/edo.hpp>
#include <edo/main.hpp>

#include <fmt/core.h>

#include <cstdint>
#include <thread>

using namespace std::chrono_literals;

// [blocking]
std::uint64_t fibonacci(int n) { return n < 2 ? 1U : fibonacci(n - 1) + fibonacci(n - 2); }

edo::task<int> co_main(int, char**) {
    auto computed = edo::spawn_blocking(fibonacci, 20);
    auto waited = edo::spawn_blocking([] { std::this_thread::sleep_for(10ms); });
    const std::uint64_t value = co_await computed;  // other tasks run meanwhile
    co_await waited;
    fmt::print("fibonacci(20) = {}\n", value);
    co_return 0;
}
// [/blocking]
