// An aborted task is destroyed where it is suspended, as a dropped future in Rust.
#include <edo/edo.hpp>
#include <edo/main.hpp>

#include <fmt/core.h>

using namespace std::chrono_literals;

// [abort]
struct guard {
    ~guard() { fmt::print("the task's locals are destroyed\n"); }
};

edo::task<> sleep_for_ever() {
    const guard g;
    co_await edo::sleep_for(std::chrono::hours::max());
}

edo::task<int> co_main(int, char**) {
    auto handle = edo::spawn(sleep_for_ever);
    co_await edo::sleep_for(10ms);
    handle.abort();
    const auto result = co_await handle.join();
    fmt::print("cancelled: {}\n", result.error().is_cancelled());
    co_return 0;
}
// [/abort]
