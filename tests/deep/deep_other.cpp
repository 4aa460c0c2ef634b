#include "deep/deep_other.hpp"

namespace edo::test {

task<std::uint64_t> other_value(std::uint64_t v) { co_return v; }

task<std::uint64_t> other_loop(std::uint64_t n) {
    std::uint64_t sum = 0;
    for (std::uint64_t i = 0; i < n; ++i) { sum += co_await here_value(i); }
    co_return sum;
}

task<std::uint64_t> other_chain(std::uint64_t n) {
    if (n == 0) { co_return 0; }
    co_return n + co_await here_chain(n - 1);
}

}  // namespace edo::test
