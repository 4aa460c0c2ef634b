// Tasks that begin, end and give way.
#include "operations.hpp"

#include <array>

namespace quick {

namespace {

edo::task<count> identity(count value) { co_return value; }

edo::task<count> yield_often(count n) {
    for (count i = 0; i < n; ++i) co_await edo::yield_now();
    co_return n;
}

/// A tree of n forks.
edo::task<count> fork_tree(count n) {
    if (n == 0) co_return 0;
    const count left = (n - 1) / 2;
    const auto [a, b] = co_await edo::fork_join(fork_tree(left), fork_tree(n - 1 - left));
    co_return a + b + 1;
}

/// So many tasks or forks at a time that the memory does not grow with n.
constexpr count batch = 100;

}  // namespace

edo::task<count> spawn_join(count n) {
    count sum = 0;
    for (count i = 0; i < n; ++i) {
        auto handle = edo::spawn(identity, count{1});
        const count value = co_await handle;
        sum += value;
    }
    co_return sum;
}

edo::task<count> join_set(count n) {
    edo::join_set<count> set;
    count sum = 0;
    while (sum < n) {
        for (count i = 0; i < batch; ++i) set.spawn(identity, count{1});
        for (count i = 0; i < batch; ++i) {
            const auto next = co_await set.join_next();
            sum += next->value();
        }
    }
    co_return sum;
}

edo::task<count> fork(count n) {
    count sum = 0;
    while (sum < n) {
        const count part = co_await fork_tree(batch);
        sum += part;
    }
    co_return sum;
}

/// Ten tasks take turns.
edo::task<count> yield(count n) {
    std::array<edo::join_handle<count>, 10> tasks;
    for (auto& task : tasks) task = edo::spawn(yield_often, n / tasks.size());
    count sum = 0;
    for (auto& task : tasks) {
        const count part = co_await task;
        sum += part;
    }
    co_return sum;
}

}  // namespace quick
