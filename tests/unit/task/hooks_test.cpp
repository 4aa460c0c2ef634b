// What the hooks of a runtime are told of its tasks. Ports task_hooks.rs.
#include "support/runtime_fixture.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>

namespace {

using edo::task;
using edo::task_id;
using edo::task_meta;

/// Calls of each hook.
struct calls {
    std::mutex lock;
    std::map<task_id, int> spawned, terminated, before, after;
    std::set<std::string> files;
    std::set<std::string> names;
    int without_place = 0;

    void count(std::map<task_id, int>& which, const task_meta& meta) {
        const std::lock_guard guard(lock);
        ++which[meta.id];
        if (meta.spawned_at.line() != 0) {
            const std::string file = meta.spawned_at.file_name();
            files.insert(file.substr(file.rfind('/') + 1));
        } else {
            ++without_place;
        }
        if (!meta.name.empty()) { names.insert(std::string(meta.name)); }
    }
};

int total(const std::map<task_id, int>& m) {
    int sum = 0;
    for (const auto& [id, n] : m) { sum += n; }
    return sum;
}

class task_hooks : public edo::test::runtime_test {
protected:
    std::shared_ptr<calls> log = std::make_shared<calls>();
    void SetUp() override {
        auto builder = edo::test::builder_of(GetParam());
        builder.on_task_spawn([c = log](const task_meta& m) { c->count(c->spawned, m); })
            .on_task_terminate([c = log](const task_meta& m) { c->count(c->terminated, m); })
            .on_before_poll([c = log](const task_meta& m) { c->count(c->before, m); })
            .on_after_poll([c = log](const task_meta& m) { c->count(c->after, m); });
        use(std::move(builder));
    }
};

task<> nothing() { co_return; }
task<> yields() { co_await edo::yield_now(); }
task<> forever() { co_await edo::sleep_until(edo::clock::time_point::max()); }

TEST_P(task_hooks, spawn_task_hook_fires) {
    std::set<task_id> ids;
    for (int i = 0; i < 8; ++i) {
        auto handle = rt().spawn(&nothing);
        ids.insert(handle.id());
    }
    EXPECT_EQ(log->spawned.size(), 8U);
    EXPECT_EQ(total(log->spawned), 8);
    for (const auto& [id, n] : log->spawned) { EXPECT_TRUE(ids.contains(id)); }
}

TEST_P(task_hooks, terminate_task_hook_fires) {
    for (int i = 0; i < 8; ++i) { rt().block_on(rt().spawn(&yields)); }
    stop();
    EXPECT_EQ(log->terminated.size(), 8U);
    EXPECT_EQ(total(log->terminated), 8);
}

TEST_P(task_hooks, terminate_hook_fires_for_tasks_that_are_aborted_or_shut_down) {
    auto first = rt().spawn(&forever);
    rt().spawn(&forever).detach();
    first.abort();
    EXPECT_FALSE(rt().block_on(first.join()));
    stop();
    EXPECT_EQ(log->spawned.size(), 2U);
    EXPECT_EQ(log->terminated, log->spawned);
}

TEST_P(task_hooks, terminate_hook_fires_for_tasks_that_throw) {
    auto handle = rt().spawn([]() -> task<> {
        co_await edo::yield_now();
        throw std::runtime_error("x");
    });
    EXPECT_THROW(rt().block_on(std::move(handle)), std::runtime_error);
    EXPECT_EQ(total(log->terminated), 1);
}

TEST_P(task_hooks, task_hook_spawn_location) {
    rt().block_on(rt().spawn(yields()));
    auto body = [&]() -> task<> {
        auto handle = edo::spawn(yields());
        co_await handle;
    };
    rt().block_on(body());
    stop();
    EXPECT_EQ(total(log->spawned), 2);
    EXPECT_GT(total(log->before), 2);
    EXPECT_EQ(log->before, log->after);
    EXPECT_EQ(log->without_place, 0);
    EXPECT_EQ(log->files, std::set<std::string>{"hooks_test.cpp"});
}

TEST_P(task_hooks, a_function_that_was_spawned_gives_the_place_of_its_coroutine) {
    rt().block_on(rt().spawn(&nothing));
    stop();
    EXPECT_EQ(log->files, std::set<std::string>{"hooks_test.cpp"});
}

TEST_P(task_hooks, hooks_see_the_name) {
    auto handle = edo::task_builder().name("seen").spawn_on(rt().handle(), &yields);
    rt().block_on(std::move(handle));
    stop();
    EXPECT_EQ(log->names, std::set<std::string>{"seen"});
}

TEST_P(task_hooks, hooks_fire_for_members_of_a_join_set_and_blocking_closures) {
    auto body = []() -> task<> {
        edo::join_set<void> set;
        set.spawn(&nothing);
        set.spawn_blocking([] {});
        co_await set.join_all();
    };
    rt().block_on(body());
    EXPECT_EQ(log->spawned.size(), 2U);
    EXPECT_EQ(log->terminated, log->spawned);
}

TEST_P(task_hooks, future_of_block_on_is_no_task) {
    rt().block_on(yields());
    EXPECT_TRUE(log->spawned.empty());
    EXPECT_TRUE(log->terminated.empty());
    EXPECT_TRUE(log->before.empty());
}

INSTANTIATE_TEST_SUITE_P(task, task_hooks, edo::test::all_kinds, edo::test::kind_name);

TEST(task_hooks_errors, spawn_hook_that_throws_throws_out_of_spawn) {
    auto builder = edo::runtime::current_thread();
    builder.on_task_spawn([](const task_meta&) { throw std::runtime_error("refused"); });
    auto rt = builder.build();
    std::atomic<int> alive = 0;
    const auto body = [](edo::test::counted) -> task<> { co_return; };
    EXPECT_THROW(rt.spawn(body, edo::test::counted(alive)).detach(), std::runtime_error);
    EXPECT_EQ(alive, 0);
    EXPECT_EQ(rt.metrics().num_alive_tasks(), 0U);
}

}  // namespace
