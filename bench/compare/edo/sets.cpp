// 100,000 tasks in a join_set, and on one thread in a local_set.
#include "workloads.hpp"

#include <utility>
#include <vector>

namespace compare {

namespace {

constexpr std::uint64_t tasks = 100'000;

edo::task<std::uint64_t> identity(std::uint64_t value) { co_return value; }

edo::task<std::uint64_t> fill_and_drain() {
    edo::join_set<std::uint64_t> set;
    for (std::uint64_t i = 0; i < tasks; ++i) set.spawn(identity, i);
    std::uint64_t sum = 0;
    for (;;) {
        const auto next = co_await set.join_next();
        if (!next) break;
        sum += next->value();
    }
    co_return sum;
}

edo::task<> increment(edo::rc<std::uint64_t> shared) {
    ++*shared;
    co_return;
}

edo::task<std::uint64_t> spawn_locally() {
    auto shared = edo::make_rc<std::uint64_t>(0U);
    std::vector<edo::join_handle<void>> all;
    all.reserve(tasks);
    for (std::uint64_t i = 0; i < tasks; ++i) all.push_back(edo::spawn_local(increment, shared));
    for (auto& handle : all) co_await handle;
    co_return *shared;
}

}  // namespace

void join_set(measurement& m) {
    auto rt = multi_thread();
    m.repeat(tasks, [&] { return rt.block_on(rt.spawn(fill_and_drain)); });
}

void local_set(measurement& m) {
    auto rt = edo::runtime::current_thread().build();
    m.repeat(tasks, [&] {
        edo::local_set set;
        return set.block_on(rt, spawn_locally);
    });
}

}  // namespace compare
