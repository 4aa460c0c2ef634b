// Who runs here. Ports task_id.rs.
#include "support/runtime_fixture.hpp"

#include <edo/sync/notify.hpp>

#include <memory>
#include <stdexcept>
#include <string>
#include <unordered_set>

namespace {

using edo::task;
using edo::task_id;
using edo::this_task::id;
using edo::this_task::try_id;
using gate = std::shared_ptr<edo::sync::notify>;

/// Notes in whose context it dies.
class notes_id {
public:
    explicit notes_id(std::shared_ptr<std::optional<task_id>> where) : where_(std::move(where)) {}
    notes_id(notes_id&&) noexcept = default;
    ~notes_id() {
        if (where_) { *where_ = try_id(); }
    }

private:
    std::shared_ptr<std::optional<task_id>> where_;
};

class task_id_test : public edo::test::runtime_test {
protected:
    std::shared_ptr<std::optional<task_id>> seen = std::make_shared<std::optional<task_id>>();
    std::shared_ptr<std::optional<task_id>> by_argument =
        std::make_shared<std::optional<task_id>>();
};

task<task_id> own_id() {
    const auto before = id();
    co_await edo::yield_now();
    EXPECT_EQ(before, id());
    co_return before;
}

TEST_P(task_id_test, task_id_spawn) {
    auto handle = rt().spawn(&own_id);
    const auto expected = handle.id();
    EXPECT_EQ(handle.abort_handle().id(), expected);
    EXPECT_GT(expected.value(), 0U);
    EXPECT_EQ(rt().block_on(std::move(handle)), expected);
}

TEST_P(task_id_test, task_id_spawn_blocking) {
    auto handle = rt().spawn_blocking([] { return id(); });
    const auto expected = handle.id();
    EXPECT_EQ(rt().block_on(std::move(handle)), expected);
}

TEST_P(task_id_test, task_id_spawn_local) {
    edo::local_set set;
    auto main = [&]() -> task<> {
        auto handle = edo::spawn_local(&own_id);
        const auto expected = handle.id();
        EXPECT_EQ(co_await handle, expected);
    };
    set.block_on(rt(), main);
}

TEST_P(task_id_test, task_id_collision) {
    std::vector<edo::join_handle<task_id>> handles;
    std::unordered_set<task_id> ids;
    for (int i = 0; i < 3000; ++i) { handles.push_back(rt().spawn(&own_id)); }
    for (auto& h : handles) { EXPECT_TRUE(ids.insert(rt().block_on(std::move(h))).second); }
}

TEST_P(task_id_test, task_id_future_destructor_completion) {
    auto handle = rt().spawn(
        [](std::shared_ptr<std::optional<task_id>> where, notes_id) -> task<> {
            const notes_id local(where);
            co_await edo::yield_now();
        },
        seen, edo::unchecked(notes_id(by_argument)));
    const auto expected = handle.id();
    rt().block_on(std::move(handle));
    EXPECT_EQ(*seen, expected);
    EXPECT_EQ(*by_argument, expected);
}

TEST_P(task_id_test, task_id_future_destructor_abort) {
    auto started = std::make_shared<edo::sync::notify>();
    auto handle = rt().spawn(
        [](gate runs, std::shared_ptr<std::optional<task_id>> where, notes_id) -> task<> {
            const notes_id local(where);
            runs->notify_one();
            co_await edo::sleep_until(edo::clock::time_point::max());
        },
        started, seen, edo::unchecked(notes_id(by_argument)));
    const auto expected = handle.id();
    auto body = [&]() -> task<> {
        auto running = started->notified();
        co_await running;
    };
    rt().block_on(body());
    handle.abort();
    EXPECT_FALSE(rt().block_on(handle.join()));
    EXPECT_EQ(*seen, expected);
    EXPECT_EQ(*by_argument, expected);
}

task<notes_id> make_result(gate g, std::shared_ptr<std::optional<task_id>> where) {
    auto opened = g->notified();
    co_await opened;
    co_return notes_id(where);
}

TEST_P(task_id_test, task_id_output_destructor_handle_dropped_before_completion) {
    auto g = std::make_shared<edo::sync::notify>();
    auto handle = rt().spawn(&make_result, g, seen);
    const auto expected = handle.id();
    auto ender = handle.abort_handle();
    handle.detach();
    g->notify_one();
    auto body = [&]() -> task<> {
        while (seen.use_count() != 1) { co_await edo::yield_now(); }
    };
    rt().block_on(body());
    stop();  // joins the thread that wrote it
    EXPECT_EQ(*seen, expected);
}

TEST_P(task_id_test, task_id_output_destructor_handle_dropped_after_completion) {
    auto g = std::make_shared<edo::sync::notify>();
    auto handle = rt().spawn(&make_result, g, seen);
    const auto expected = handle.id();
    g->notify_one();
    auto body = [&]() -> task<> {
        while (!handle.is_finished()) { co_await edo::yield_now(); }
    };
    rt().block_on(body());
    EXPECT_FALSE(*seen);
    handle.detach();
    EXPECT_EQ(*seen, expected);
    EXPECT_FALSE(try_id());
}

TEST_P(task_id_test, task_id_nested_spawn_local) {
    edo::local_set outer;
    auto main = [&]() -> task<> {
        auto handle = edo::spawn_local([]() -> task<> {
            const auto mine = id();
            edo::local_set inner;
            auto nested = []() -> task<task_id> {
                auto child = edo::spawn_local(&own_id);
                co_return co_await child;
            };
            const auto others = co_await inner.run_until(nested);
            EXPECT_NE(others, mine);
            EXPECT_EQ(id(), mine);
        });
        co_await handle;
    };
    outer.block_on(rt(), main);
}

TEST_P(task_id_test, task_id_block_in_place_block_on_spawn) {
    if (is_current_thread()) { GTEST_SKIP() << "block_in_place needs workers"; }
    auto handle = rt().spawn([]() -> task<> {
        const auto mine = id();
        edo::block_in_place([&] {
            auto inner = edo::runtime::current_thread().build();
            EXPECT_NE(inner.block_on(inner.spawn(&own_id)), mine);
        });
        EXPECT_EQ(id(), mine);
        co_return;
    });
    rt().block_on(std::move(handle));
}

TEST_P(task_id_test, task_id_inside_block_on_panic_caller) {
    auto body = []() -> task<> {
        EXPECT_FALSE(try_id());
        try {
            static_cast<void>(id());
            ADD_FAILURE() << "there is no task";
        } catch (const std::logic_error& e) {
            EXPECT_TRUE(std::string(e.what()).starts_with(__FILE__ ":")) << e.what();
        }
        co_return;
    };
    rt().block_on(body());
}

INSTANTIATE_TEST_SUITE_P(task, task_id_test, edo::test::all_kinds, edo::test::kind_name);

TEST(task_id_outside, task_try_id_outside_task) {
    EXPECT_FALSE(try_id());
    EXPECT_THROW(static_cast<void>(id()), std::logic_error);
    EXPECT_TRUE(edo::this_task::name().empty());
}

TEST(task_id_outside, ids_compare_hash_and_print) {
    static_assert(task_id(1) < task_id(2));
    EXPECT_EQ(edo::to_string(task_id(12)), "12");
    EXPECT_EQ(std::hash<task_id>()(task_id(4)), std::hash<task_id>()(task_id(4)));
}

}  // namespace
