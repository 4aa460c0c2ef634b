// Tasks that may hold what must not change threads.
#include <edo/edo.hpp>
#include <edo/main.hpp>

#include <fmt/core.h>

// [local_set]
edo::task<> add(edo::rc<int> sum, int n) {
    co_await edo::yield_now();
    *sum += n;  // no lock, no atomics: all tasks of the set run on one thread
}

edo::task<> add_up() {
    auto sum = edo::make_rc<int>(0);
    edo::join_set<void> set;
    for (int n = 1; n <= 4; ++n) { set.spawn_local(add, sum, n); }
    co_await set.join_all();
    fmt::print("sum: {}, owners: {}\n", *sum, sum.use_count());
}

edo::task<int> co_main(int, char**) {
    edo::local_set local;
    co_await local.run_until(add_up);
    co_return 0;
}
// [/local_set]
