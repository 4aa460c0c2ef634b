// The right to a task's result, in all its forms.
#include "support/runtime_fixture.hpp"

#include <edo/sync/notify.hpp>

#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>

namespace {

using edo::join_handle;
using edo::task;
using edo::test::counted;
using namespace std::chrono_literals;

static_assert(!std::is_copy_constructible_v<join_handle<int>>);
static_assert(std::is_nothrow_move_constructible_v<join_handle<int>>);
static_assert(edo::sendable<join_handle<int>> && !edo::sendable<join_handle<edo::rc<int>>>);

using gate = std::shared_ptr<edo::sync::notify>;
gate make_gate() { return std::make_shared<edo::sync::notify>(); }

task<int> value(int v) { co_return v; }
task<int> value_behind(gate g, int v) {
    auto opened = g->notified();
    co_await opened;
    co_return v;
}
task<int> boom() {
    co_await edo::yield_now();
    throw std::runtime_error("boom");
}
task<> forever() { co_await edo::sleep_until(edo::clock::time_point::max()); }

template <class Handle>
task<> until_finished(const Handle& h) {
    while (!h.is_finished()) { co_await edo::yield_now(); }
}

class join_handle_test : public edo::test::runtime_test {};

TEST_P(join_handle_test, gives_the_value) {
    auto handle = rt().spawn(&value, 42);
    EXPECT_EQ(rt().block_on(std::move(handle)), 42);
}

TEST_P(join_handle_test, gives_the_value_of_a_task_that_ends_later) {
    auto g = make_gate();
    auto body = [&]() -> task<> {
        auto handle = edo::spawn(&value_behind, g, 7);
        auto opener = edo::spawn(
            [](gate opens) -> task<> {
                for (int i = 0; i < 10; ++i) { co_await edo::yield_now(); }
                opens->notify_one();
            },
            g);
        EXPECT_EQ(co_await handle, 7);
        co_await opener;
    };
    rt().block_on(body());
}

TEST_P(join_handle_test, gives_a_result_that_can_only_be_moved) {
    auto handle = rt().spawn(
        [](std::unique_ptr<int> p) -> task<std::unique_ptr<int>> {
            ++*p;
            co_return p;
        },
        std::make_unique<int>(1));
    EXPECT_EQ(*rt().block_on(std::move(handle)), 2);
}

TEST_P(join_handle_test, rethrows_the_exception) {
    auto handle = rt().spawn(&boom);
    EXPECT_THROW(rt().block_on(std::move(handle)), std::runtime_error);
}

TEST_P(join_handle_test, join_gives_the_exception_as_a_value) {
    auto handle = rt().spawn(&boom);
    const auto id = handle.id();
    auto result = rt().block_on(handle.join());
    ASSERT_FALSE(result);
    EXPECT_TRUE(result.error().is_exception());
    EXPECT_FALSE(result.error().is_cancelled());
    EXPECT_EQ(result.error().id(), id);
    EXPECT_EQ(std::string(result.error().what()),
              "task " + edo::to_string(id) + " threw std::runtime_error: boom");
    EXPECT_THROW(edo::unwrap(std::move(result)), std::runtime_error);
}

TEST_P(join_handle_test, join_and_unwrap_give_the_value) {
    auto handle = rt().spawn(&value, 3);
    auto result = rt().block_on(handle.join());
    ASSERT_TRUE(result);
    EXPECT_EQ(*result, 3);
    EXPECT_EQ(edo::unwrap(std::move(result)), 3);
    auto nothing = rt().spawn([]() -> task<> { co_return; });
    EXPECT_NO_THROW(edo::unwrap(rt().block_on(std::move(nothing).join())));
}

TEST_P(join_handle_test, throws_join_error_of_a_task_that_was_aborted) {
    auto handle = rt().spawn(&forever);
    const auto id = handle.id();
    handle.abort();
    handle.abort();
    try {
        rt().block_on(std::move(handle));
        ADD_FAILURE() << "it gave a value";
    } catch (const edo::join_error& e) {
        EXPECT_TRUE(e.is_cancelled());
        EXPECT_EQ(e.id(), id);
        EXPECT_EQ(std::string(e.what()), "task " + edo::to_string(id) + " was cancelled");
    }
}

TEST_P(join_handle_test, abort_after_the_end_changes_nothing) {
    auto handle = rt().spawn(&value, 5);
    rt().block_on(until_finished(handle));
    handle.abort();
    EXPECT_TRUE(handle.is_finished());
    EXPECT_EQ(rt().block_on(std::move(handle)), 5);
}

TEST_P(join_handle_test, awaited_twice_throws_logic_error) {
    auto handle = rt().spawn(&value, 5);
    auto body = [&]() -> task<> {
        EXPECT_EQ(co_await handle, 5);
        bool thrown = false;
        try {
            static_cast<void>(co_await handle);
        } catch (const std::logic_error& e) {
            thrown = true;
            EXPECT_NE(std::string(e.what()).find("was taken already"), std::string::npos);
        }
        EXPECT_TRUE(thrown);
        thrown = false;
        try {
            static_cast<void>(co_await handle.join());
        } catch (const std::logic_error&) { thrown = true; }
        EXPECT_TRUE(thrown);
    };
    rt().block_on(body());
    EXPECT_TRUE(handle.is_finished());
}

TEST_P(join_handle_test, consumed_stays_consumed_when_it_moves) {
    auto handle = rt().spawn(&value, 5);
    auto body = [&]() -> task<> { static_cast<void>(co_await handle); };
    rt().block_on(body());
    auto moved = std::move(handle);
    EXPECT_THROW(static_cast<void>(rt().block_on(moved)), std::logic_error);
}

TEST_P(join_handle_test, that_is_empty_does_nothing_and_cannot_be_awaited) {
    join_handle<int> none;
    none.abort();
    none.detach();
    EXPECT_TRUE(none.is_finished());
    EXPECT_THROW(static_cast<void>(none.id()), std::logic_error);
    EXPECT_THROW(static_cast<void>(rt().block_on(none)), std::logic_error);
    auto handle = rt().spawn(&value, 1);
    auto moved = std::move(handle);
    EXPECT_THROW(static_cast<void>(handle.id()),  // NOLINT(bugprone-use-after-move)
                 std::logic_error);
    EXPECT_EQ(rt().block_on(std::move(moved)), 1);
}

TEST_P(join_handle_test, dropped_before_the_end_lets_the_task_go_on) {
    auto g = make_gate();
    auto ended = make_gate();
    {
        auto handle = rt().spawn(
            [](gate first, gate second) -> task<> {
                auto opened = first->notified();
                co_await opened;
                second->notify_one();
            },
            g, ended);
    }
    auto body = [&]() -> task<> {
        g->notify_one();
        auto seen = ended->notified();
        co_await seen;
    };
    rt().block_on(body());
}

TEST_P(join_handle_test, dropped_after_the_end_destroys_the_result) {
    std::atomic<int> alive = 0;
    auto handle = rt().spawn([](counted c) -> task<counted> { co_return c; }, counted(alive));
    rt().block_on(until_finished(handle));
    EXPECT_EQ(alive, 1);
    { auto gone = std::move(handle); }
    EXPECT_EQ(alive, 0);
}

TEST_P(join_handle_test, detached_destroys_the_result_at_the_end_of_the_task) {
    std::atomic<int> alive = 0;
    auto g = make_gate();
    auto handle = rt().spawn(
        [](gate opens, counted c) -> task<counted> {
            auto opened = opens->notified();
            co_await opened;
            co_return c;
        },
        g, counted(alive));
    handle.detach();
    EXPECT_TRUE(handle.is_finished());  // it refers to no task
    EXPECT_GT(alive, 0);
    g->notify_one();
    auto body = [&]() -> task<> {
        while (alive != 0) { co_await edo::yield_now(); }
    };
    rt().block_on(body());
}

TEST_P(join_handle_test, assigned_over_detaches_what_it_had) {
    auto g = make_gate();
    auto handle = rt().spawn(&value_behind, g, 1);
    handle = rt().spawn(&value, 2);
    g->notify_one();
    EXPECT_EQ(rt().block_on(std::move(handle)), 2);
}

TEST_P(join_handle_test, awaited_as_an_rvalue_and_dropped_detaches) {
    auto g = make_gate();
    auto ended = make_gate();
    auto inner = rt().spawn(
        [](gate first, gate second) -> task<int> {
            auto opened = first->notified();
            co_await opened;
            second->notify_one();
            co_return 1;
        },
        g, ended);
    auto started = make_gate();
    auto outer = rt().spawn(
        [](join_handle<int> h, gate s) -> task<> {
            s->notify_one();
            static_cast<void>(co_await std::move(h));
        },
        std::move(inner), started);
    auto body = [&]() -> task<> {
        auto running = started->notified();
        co_await running;
        outer.abort();
        auto joined = co_await outer.join();
        EXPECT_TRUE(!joined && joined.error().is_cancelled());
        g->notify_one();
        auto seen = ended->notified();
        co_await seen;
    };
    rt().block_on(body());
}

TEST_P(join_handle_test, is_finished_turns_true_at_the_end) {
    auto g = make_gate();
    auto handle = rt().spawn(&value_behind, g, 1);
    EXPECT_FALSE(handle.is_finished());
    g->notify_one();
    rt().block_on(until_finished(handle));
    EXPECT_TRUE(handle.is_finished());
}

TEST_P(join_handle_test, of_a_task_on_another_runtime_can_be_awaited) {
    auto other = edo::runtime::multi_thread().worker_threads(1).build();
    auto handle = other.spawn(&boom);
    auto body = [&]() -> task<int> {
        try {
            co_return co_await handle;
        } catch (const std::runtime_error&) {}
        co_return 9;
    };
    EXPECT_EQ(rt().block_on(body()), 9);
}

TEST_P(join_handle_test, of_a_task_spawned_after_the_shutdown_is_cancelled) {
    auto handle_to = rt().handle();
    stop();
    auto handle = handle_to.spawn(&value, 1);
    EXPECT_TRUE(handle.is_finished());
    auto second = edo::runtime::current_thread().build();
    auto joined = second.block_on(handle.join());
    EXPECT_TRUE(!joined && joined.error().is_cancelled());
}

TEST_P(join_handle_test, can_be_joined_by_a_plain_thread) {
    auto handle = rt().spawn(&value, 11);
    if (is_current_thread()) {  // somebody has to drive it
        rt().block_on(until_finished(handle));
    }
    int got = 0;
    std::jthread([&, h = std::move(handle), to = rt().handle()]() mutable {
        got = to.block_on(std::move(h));
    }).join();
    EXPECT_EQ(got, 11);
}

INSTANTIATE_TEST_SUITE_P(task, join_handle_test, edo::test::all_kinds, edo::test::kind_name);

class join_handle_in_paused_time : public edo::test::leak_check {
protected:
    edo::runtime rt = edo::runtime::current_thread().start_paused(true).build();
    void SetUp() override { watch(rt); }
};

TEST_F(join_handle_in_paused_time, borrowed_by_a_timeout_stays_joinable) {
    auto body = [&]() -> task<> {
        auto handle = edo::spawn([]() -> task<int> {
            co_await edo::sleep_for(100ms);
            co_return 4;
        });
        for (int i = 0; i < 3; ++i) {
            auto early = co_await edo::timeout(10ms, handle);
            EXPECT_FALSE(early);
        }
        auto late = co_await edo::timeout(1s, handle);
        EXPECT_TRUE(late && *late == 4);
        bool thrown = false;
        try {
            static_cast<void>(co_await handle);
        } catch (const std::logic_error&) { thrown = true; }
        EXPECT_TRUE(thrown);
    };
    rt.block_on(body());
}

TEST_F(join_handle_in_paused_time, owned_by_a_timeout_detaches) {
    auto body = [&]() -> task<> {
        auto ended = std::make_shared<std::atomic<bool>>(false);
        auto handle = edo::spawn(
            [](std::shared_ptr<std::atomic<bool>> e) -> task<> {
                co_await edo::sleep_for(100ms);
                *e = true;
            },
            ended);
        auto early = co_await edo::timeout(10ms, std::move(handle));
        EXPECT_FALSE(early);
        EXPECT_FALSE(*ended);
        co_await edo::sleep_for(100ms);
        EXPECT_TRUE(*ended);
    };
    rt.block_on(body());
}

}  // namespace
