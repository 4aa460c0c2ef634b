// Tasks that borrow the locals of the task that starts them, and run on all workers.
#include <edo/edo.hpp>
#include <edo/main.hpp>

#include <fmt/core.h>

#include <functional>
#include <numeric>
#include <span>
#include <stdexcept>
#include <vector>

using namespace std::chrono_literals;

// [scope]
edo::task<long> sum_in_parallel(const std::vector<int>& data) {
    std::vector<long> sums(4);
    const std::size_t part = data.size() / sums.size();
    co_await edo::scope([&](edo::task_scope& s) -> edo::task<> {
        for (std::size_t i = 0; i < sums.size(); ++i) {
            s.spawn([&, i]() -> edo::task<> {
                 const std::span<const int> mine(data.data() + i * part, part);
                 sums[i] = std::accumulate(mine.begin(), mine.end(), 0L);
                 co_return;
             }).detach();
        }
        co_return;
    });  // all children have ended here
    co_return std::accumulate(sums.begin(), sums.end(), 0L);
}
// [/scope]

edo::task<int> co_main(int, char**) {
    std::vector<int> data(1'000'000);
    std::iota(data.begin(), data.end(), 0);
    const long sum = co_await sum_in_parallel(data);
    fmt::print("sum {}\n", sum);

    // A child that throws ends its siblings and the body; nobody outlives `data`.
    try {
        co_await edo::scope([&](edo::task_scope& s) -> edo::task<> {
            auto fails = s.spawn([&]() -> edo::task<> {
                if (data.front() == 0) { throw std::runtime_error("the first number is 0"); }
                co_return;
            });
            s.spawn([]() -> edo::task<> { co_await edo::sleep_for(1h); }).detach();
            co_await edo::sleep_for(1h);
        });
    } catch (const std::runtime_error& e) { fmt::print("{}\n", e.what()); }
    co_return 0;
}
