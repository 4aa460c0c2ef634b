// Tasks that do not outlive their handle. Ports abort_on_drop.rs.
#include <edo/sync/notify.hpp>
#include <edo/task/abort_on_drop.hpp>

#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "support/paused_fixture.hpp"

namespace {

namespace test = edo::test;
using edo::abort_on_drop;
using edo::task;
using test::counted;
using namespace std::chrono_literals;

using gate = std::shared_ptr<edo::sync::notify>;
gate make_gate() { return std::make_shared<edo::sync::notify>(); }
task<> forever() { co_await edo::sleep_until(edo::clock::time_point::max()); }
task<int> holds(gate started, counted) {
    started->notify_one();
    co_await forever();
    co_return 0;
}
task<int> value(int v) { co_return v; }
task<> until_finished(edo::abort_handle watched) {
    while (!watched.is_finished()) { co_await edo::yield_now(); }
}

class abort_on_drop_rt : public test::runtime_test {
protected:
    std::atomic<int> alive{0};
    gate started = make_gate();
    abort_on_drop<int> spawn_holder() {
        return abort_on_drop(rt().spawn(&holds, started, counted(alive)));
    }
};
INSTANTIATE_TEST_SUITE_P(task, abort_on_drop_rt, test::all_kinds, test::kind_name);

TEST_P(abort_on_drop_rt, aborts_task_on_drop) {
    auto body = [&]() -> task<> {
        std::optional handle(spawn_holder());
        co_await started->notified();
        EXPECT_FALSE(handle->is_finished());
        const auto watched = handle->abort_handle();
        handle.reset();
        co_await until_finished(watched);
        EXPECT_EQ(alive, 0);
    };
    rt().block_on(body());
}

TEST_P(abort_on_drop_rt, aborts_task_directly) {
    auto body = [&]() -> task<> {
        auto handle = spawn_holder();
        co_await started->notified();
        EXPECT_FALSE(handle.is_finished());
        handle.abort();
        co_await until_finished(handle.abort_handle());
        EXPECT_TRUE(handle.is_finished());
        EXPECT_EQ(alive, 0);
        const auto joined = co_await handle.join();
        EXPECT_TRUE(!joined && joined.error().is_cancelled());
    };
    rt().block_on(body());
}

TEST_P(abort_on_drop_rt, does_not_abort_after_detach) {
    auto body = []() -> task<> {
        auto g = make_gate();
        std::optional<edo::join_handle<int>> plain;
        {
            abort_on_drop handle(edo::spawn(
                [](gate mine) -> task<int> {
                    co_await mine->notified();
                    co_return 8;
                },
                g));
            plain = handle.detach();
            EXPECT_TRUE(handle.is_finished());  // it refers to none
            handle.abort();
            EXPECT_THROW(static_cast<void>(handle.id()), std::logic_error);
        }
        co_await edo::yield_now();
        g->notify_one();
        const int result = co_await *plain;
        EXPECT_EQ(result, 8);
    };
    rt().block_on(body());
}

TEST_P(abort_on_drop_rt, dropped_before_it_started) {
    auto body = [&]() -> task<> {
        std::vector<edo::abort_handle> watched;
        for (int i = 0; i < 100; ++i) {
            const auto handle = spawn_holder();
            watched.push_back(handle.abort_handle());
        }
        for (auto& each : watched) { co_await until_finished(each); }
        EXPECT_EQ(alive, 0);
    };
    rt().block_on(body());
}

TEST_P(abort_on_drop_rt, gives_the_result) {
    auto body = []() -> task<> {
        abort_on_drop first(edo::spawn(value(1)));
        const auto id = first.id();
        EXPECT_EQ(first.abort_handle().id(), id);
        const int result = co_await first;
        EXPECT_EQ(result, 1);
        EXPECT_TRUE(first.is_finished());
        abort_on_drop second(edo::spawn(value(2)));
        const auto joined = co_await second.join();
        EXPECT_TRUE(joined && *joined == 2);
    };
    rt().block_on(body());
}

TEST_P(abort_on_drop_rt, gives_the_exception) {
    auto body = []() -> task<> {
        const auto throws = []() -> task<> {
            co_await edo::yield_now();
            throw std::runtime_error("task");
        };
        abort_on_drop first(edo::spawn(throws));
        bool caught = false;
        try {
            co_await first;
        } catch (const std::runtime_error&) { caught = true; }
        EXPECT_TRUE(caught);
        abort_on_drop second(edo::spawn(throws));
        const auto joined = co_await second.join();
        EXPECT_TRUE(!joined && !joined.error().is_cancelled());
    };
    rt().block_on(body());
}

TEST_P(abort_on_drop_rt, dropped_after_the_end_it_destroys_the_result) {
    auto body = [&]() -> task<> {
        {
            const abort_on_drop handle(
                edo::spawn([](counted c) -> task<counted> { co_return c; }, counted(alive)));
            co_await until_finished(handle.abort_handle());
            EXPECT_EQ(alive, 1);
        }
        EXPECT_EQ(alive, 0);
    };
    rt().block_on(body());
}

TEST_P(abort_on_drop_rt, move_takes_the_task_along) {
    auto body = [&]() -> task<> {
        std::optional first(spawn_holder());
        const auto watched = first->abort_handle();
        std::optional second(std::move(*first));
        EXPECT_EQ(second->id(), watched.id());
        first.reset();
        co_await started->notified();
        for (int i = 0; i < 10; ++i) { co_await edo::yield_now(); }
        EXPECT_FALSE(watched.is_finished());
        second.reset();
        co_await until_finished(watched);
        EXPECT_EQ(alive, 0);
    };
    rt().block_on(body());
}

TEST_P(abort_on_drop_rt, move_assignment_aborts_the_old_one) {
    auto body = [&]() -> task<> {
        auto first = spawn_holder();
        co_await started->notified();
        const int of_one = alive;
        auto second = spawn_holder();
        co_await started->notified();
        const auto of_first = first.abort_handle();
        const auto of_second = second.abort_handle();
        first = std::move(second);
        co_await until_finished(of_first);
        EXPECT_EQ(alive, of_one);
        EXPECT_FALSE(of_second.is_finished());
        EXPECT_EQ(first.id(), of_second.id());
        auto& same = first;
        first = std::move(same);
        for (int i = 0; i < 10; ++i) { co_await edo::yield_now(); }
        EXPECT_FALSE(of_second.is_finished());
        first.abort();
        co_await until_finished(of_second);
    };
    rt().block_on(body());
}

TEST_P(abort_on_drop_rt, ends_with_the_task_that_holds_it) {
    auto body = [&]() -> task<> {
        auto outer = edo::spawn(
            [](gate s, counted c) -> task<> {
                abort_on_drop inner(edo::spawn(&holds, s, c));
                co_await inner;
            },
            started, counted(alive));
        co_await started->notified();
        outer.abort();
        const auto joined = co_await outer.join();
        EXPECT_TRUE(!joined && joined.error().is_cancelled());
        while (alive != 0) { co_await edo::yield_now(); }
    };
    rt().block_on(body());
}

TEST_P(abort_on_drop_rt, outlives_its_runtime) {
    std::optional handle(spawn_holder());
    stop();
    EXPECT_EQ(alive, 0);
    EXPECT_TRUE(handle->is_finished());
    handle.reset();
}

static_assert(edo::sendable<abort_on_drop<int>> && edo::owning<abort_on_drop<int>>);
static_assert(!edo::sendable<abort_on_drop<edo::rc<int>>>);
static_assert(!std::is_copy_constructible_v<abort_on_drop<int>>);
static_assert(std::is_nothrow_move_assignable_v<abort_on_drop<int>>);

class abort_on_drop_paused : public test::paused_test {};

TEST_F(abort_on_drop_paused, an_await_that_was_given_up_leaves_the_task) {
    auto body = []() -> task<> {
        abort_on_drop handle(edo::spawn([]() -> task<int> {
            co_await edo::sleep_for(10s);
            co_return 5;
        }));
        auto late = co_await edo::timeout(1s, handle);
        EXPECT_FALSE(late.has_value());
        late = co_await edo::timeout(1s, handle);
        EXPECT_FALSE(late.has_value());
        EXPECT_FALSE(handle.is_finished());
        auto in_time = co_await edo::timeout(9s, handle);
        EXPECT_TRUE(in_time && *in_time == 5);
    };
    run(body());
}

TEST_F(abort_on_drop_paused, a_join_that_was_given_up_leaves_the_task) {
    auto body = []() -> task<> {
        abort_on_drop handle(edo::spawn([]() -> task<int> {
            co_await edo::sleep_for(10s);
            co_return 5;
        }));
        auto late = co_await edo::timeout(1s, handle.join());
        EXPECT_FALSE(late.has_value());
        const auto joined = co_await handle.join();
        EXPECT_TRUE(joined && *joined == 5);
    };
    run(body());
}

}  // namespace
