// Sets of tasks that stay on one thread: join_set::spawn_local and spawn_local_on. Ports the modules
// spawn_local and spawn_local_on of task_join_set.rs.
#include "support/runtime_fixture.hpp"

#include <memory>
#include <optional>
#include <set>
#include <string>

namespace {

using edo::task;
using edo::test::counted;

task<> forever() { co_await edo::sleep_until(edo::clock::time_point::max()); }
task<int> forever_with(counted) {
    co_await forever();
    co_return 0;
}
task<edo::rc<int>> local_value(edo::rc<int> r) {
    co_await edo::yield_now();
    co_return r;
}

TEST(join_set_local, panic_outside_any_runtime) {
    edo::join_set<void> set;
    try {
        set.spawn_local(&forever);
        ADD_FAILURE() << "it was spawned";
    } catch (const edo::no_local_set_error& e) {
        const std::string text = e.what();
        EXPECT_NE(text.find("outside of a local_set and a local_runtime"), std::string::npos)
            << text;
    }
    EXPECT_THROW(set.spawn(&forever), edo::no_runtime_error);
    EXPECT_TRUE(set.empty());
}

TEST(join_set_local, panic_in_multi_thread_runtime) {
    auto rt = edo::runtime::multi_thread().worker_threads(1).build();
    auto body = []() -> task<> {
        edo::join_set<void> set;
        EXPECT_THROW(set.spawn_local(&forever), edo::no_local_set_error);
        co_return;
    };
    rt.block_on(body());
}

TEST(join_set_local, local_runtime_spawn_then_join_next) {
    edo::local_runtime rt;
    rt.block_on([]() -> task<> {
        edo::join_set<edo::rc<int>> set;
        for (int i = 0; i < 8; ++i) { set.spawn_local(&local_value, edo::make_rc<int>(i)); }
        std::set<int> seen;
        while (auto next = co_await set.join_next()) { seen.insert(*next->value()); }
        EXPECT_EQ(seen.size(), 8U);
    });
}

TEST(join_set_local, local_runtime_spawn_then_shutdown_and_drop) {
    std::atomic<int> alive = 0;
    edo::local_runtime rt;
    auto main = [&]() -> task<> {
        {
            edo::join_set<int> set;
            for (int i = 0; i < 8; ++i) { set.spawn_local(&forever_with, counted(alive)); }
            co_await edo::yield_now();
            co_await set.shutdown();
            EXPECT_EQ(alive, 0);
            for (int i = 0; i < 8; ++i) { set.spawn_local(&forever_with, counted(alive)); }
        }
        while (alive != 0) { co_await edo::yield_now(); }
    };
    rt.block_on(main);
}

/// Joins all, which must be values, and says how many.
task<int> join_values(edo::join_set<edo::rc<int>>& set) {
    std::set<int> seen;
    while (auto next = co_await set.join_next()) { seen.insert(*next->value()); }
    EXPECT_FALSE(set.try_join_next());
    co_return static_cast<int>(seen.size());
}

TEST(join_set_local, local_runtime_spawn_local_on_a_set_that_is_not_driven_yet) {
    edo::local_runtime rt;
    edo::local_set local;
    edo::join_set<edo::rc<int>> set;
    for (int i = 0; i < 8; ++i) { set.spawn_local_on(local, &local_value, edo::make_rc<int>(i)); }
    const auto main = [&]() -> task<> {
        for (int i = 0; i < 10; ++i) { co_await edo::yield_now(); }
        EXPECT_FALSE(set.try_join_next()) << "nobody drives it";
        const int joined = co_await local.run_until(join_values(set));
        EXPECT_EQ(joined, 8);
    };
    rt.block_on(main);
}

class join_set_on_local_set : public edo::test::runtime_test {
protected:
    std::atomic<int> alive{0};
    static constexpr int count = 8;
    task<> until_all_are_gone() {
        while (alive != 0) { co_await edo::yield_now(); }
    }
    void spawn_here(edo::join_set<int>& set) {
        for (int i = 0; i < count; ++i) { set.spawn_local(&forever_with, counted(alive)); }
    }
    void spawn_on(edo::join_set<int>& set, edo::local_set& local) {
        for (int i = 0; i < count; ++i) {
            set.spawn_local_on(local, &forever_with, counted(alive));
        }
    }
};
INSTANTIATE_TEST_SUITE_P(task, join_set_on_local_set, edo::test::all_kinds, edo::test::kind_name);

TEST_P(join_set_on_local_set, spawn_local_then_join_next) {
    edo::local_set local;
    const auto main = []() -> task<int> {
        edo::join_set<edo::rc<int>> set;
        for (int i = 0; i < count; ++i) { set.spawn_local(&local_value, edo::make_rc<int>(i)); }
        co_return co_await join_values(set);
    };
    EXPECT_EQ(local.block_on(rt(), main), count);
}

TEST_P(join_set_on_local_set, spawn_local_then_shutdown) {
    edo::local_set local;
    const auto main = [&]() -> task<> {
        edo::join_set<int> set;
        spawn_here(set);
        co_await edo::yield_now();
        EXPECT_GE(alive, count);
        co_await set.shutdown();
        EXPECT_TRUE(set.empty());
        EXPECT_EQ(alive, 0);
    };
    local.block_on(rt(), main);
}

TEST_P(join_set_on_local_set, spawn_local_then_drop) {
    edo::local_set local;
    const auto main = [&]() -> task<> {
        {
            edo::join_set<int> set;
            spawn_here(set);
            co_await edo::yield_now();
            EXPECT_GE(alive, count);
        }
        co_await until_all_are_gone();
    };
    local.block_on(rt(), main);
}

TEST_P(join_set_on_local_set, spawn_local_on_a_set_that_is_not_driven_yet) {
    edo::local_set local;
    edo::join_set<edo::rc<int>> set;
    for (int i = 0; i < count; ++i) {
        set.spawn_local_on(local, &local_value, edo::make_rc<int>(i));
    }
    EXPECT_FALSE(set.try_join_next());
    EXPECT_EQ(local.block_on(rt(), join_values(set)), count);
}

TEST_P(join_set_on_local_set, spawn_local_on_then_shutdown) {
    edo::local_set local;
    edo::join_set<int> set;
    spawn_on(set, local);
    const auto main = [&]() -> task<> {
        co_await set.shutdown();
        EXPECT_TRUE(set.empty());
        EXPECT_EQ(alive, 0);
    };
    local.block_on(rt(), main);
}

TEST_P(join_set_on_local_set, spawn_local_on_then_drop_before_the_set_is_driven) {
    edo::local_set local;
    {
        edo::join_set<int> set;
        spawn_on(set, local);
    }
    const auto main = [&]() -> task<> { co_await local; };
    rt().block_on(main());  // ends, since they are dropped
    EXPECT_EQ(alive, 0);
}

TEST_P(join_set_on_local_set, spawn_local_on_then_drop_while_the_set_is_driven) {
    edo::local_set local;
    std::optional<edo::join_set<int>> set(std::in_place);
    spawn_on(*set, local);
    const auto main = [&]() -> task<> {
        co_await edo::yield_now();
        EXPECT_GE(alive, count);
        set.reset();
        co_await until_all_are_gone();
    };
    local.block_on(rt(), main);
}

}  // namespace
