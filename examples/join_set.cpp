// Many tasks, joined in the order in which they end.
#include <edo/edo.hpp>
#include <edo/main.hpp>

#include <fmt/core.h>

using namespace std::chrono_literals;

// [join_set]
edo::task<int> work(int i) {
    co_await edo::sleep_for(100ms - i * 10ms);  // the last one ends first
    co_return i * 2;
}

edo::task<int> co_main(int, char**) {
    edo::join_set<int> set;
    for (int i = 0; i < 10; ++i) { set.spawn(work, i); }
    while (auto result = co_await set.join_next()) { fmt::print("Got: {}\n", result->value()); }
    co_return 0;
}
// [/join_set]
