// Divide and conquer on all workers: the halves of a span are sorted at the same time.
#include <edo/main.hpp>

#include <fmt/core.h>
#include <edo/edo.hpp>

#include <algorithm>
#include <random>
#include <span>
#include <vector>

// The children borrow from the parent: they end before its await returns, however that ends.
edo::task<> sort(std::span<int> items) {
    constexpr std::size_t small = 1000;  // below, a fork costs more than it gains
    if (items.size() <= small) {
        std::ranges::sort(items);
        co_return;
    }
    const auto half = items.size() / 2;
    std::ranges::nth_element(items, items.begin() + static_cast<std::ptrdiff_t>(half));
    co_await edo::fork_join(sort(items.first(half)), sort(items.subspan(half)));
}

edo::task<int> co_main(int, char**) {
    std::vector<int> items(1'000'000);
    std::ranges::generate(items, std::mt19937(1));
    co_await sort(items);
    fmt::print("{} items, sorted: {}\n", items.size(), std::ranges::is_sorted(items));
    co_return 0;
}
