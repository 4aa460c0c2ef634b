// A join_map of tasks that stay on one thread. Ports the modules spawn_local and spawn_local_on of
// task_join_map.rs.
#include <edo/task/join_map.hpp>

#include <atomic>

#include "support/runtime_fixture.hpp"

namespace {

namespace test = edo::test;
using edo::join_map;
using edo::task;
using test::counted;

task<> forever() { co_await edo::sleep_until(edo::clock::time_point::max()); }
task<int> forever_with(counted) {
    co_await forever();
    co_return 0;
}

class join_map_on_local_set : public test::runtime_test {
protected:
    std::atomic<int> alive{0};
};
INSTANTIATE_TEST_SUITE_P(task, join_map_on_local_set, test::all_kinds, test::kind_name);

task<edo::rc<int>> local_value(edo::rc<int> r) {
    co_await edo::yield_now();
    co_return r;
}

task<> spawn_then_join_next_shutdown_and_drop(std::atomic<int>& alive) {
    join_map<int, edo::rc<int>> of_rc;
    for (int i = 0; i < 8; ++i) { of_rc.spawn_local(i, &local_value, edo::make_rc<int>(i)); }
    for (int i = 0; i < 8; ++i) {
        auto next = co_await of_rc.join_next();
        EXPECT_TRUE(next && next->second && **next->second == next->first);
    }
    {
        join_map<int, int> map;
        for (int i = 0; i < 8; ++i) { map.spawn_local(i, &forever_with, counted(alive)); }
        co_await edo::yield_now();
        co_await map.shutdown();
        EXPECT_EQ(alive, 0);
        for (int i = 0; i < 8; ++i) { map.spawn_local(i, &forever_with, counted(alive)); }
    }
    while (alive != 0) { co_await edo::yield_now(); }
}

TEST(join_map_local, panic_outside_any_runtime) {
    join_map<int, void> map;
    EXPECT_THROW(map.spawn_local(1, &forever), edo::no_local_set_error);
    EXPECT_THROW(map.spawn(1, &forever), edo::no_runtime_error);
    EXPECT_TRUE(map.empty());
    EXPECT_FALSE(map.contains_key(1));
}

TEST(join_map_local, panic_in_multi_thread_runtime) {
    auto rt = edo::runtime::multi_thread().worker_threads(1).build();
    auto body = []() -> task<> {
        join_map<int, void> map;
        EXPECT_THROW(map.spawn_local(1, &forever), edo::no_local_set_error);
        EXPECT_TRUE(map.empty());
        co_return;
    };
    rt.block_on(body());
}

TEST(join_map_local, local_runtime_spawn_then_join_next_shutdown_and_drop) {
    std::atomic<int> alive = 0;
    edo::local_runtime rt;
    rt.block_on(spawn_then_join_next_shutdown_and_drop(alive));
}

TEST_P(join_map_on_local_set, spawn_then_join_next_shutdown_and_drop) {
    edo::local_set local;
    local.block_on(rt(), spawn_then_join_next_shutdown_and_drop(alive));
}

}  // namespace
