// Ending tasks: when, where, how often, by whom. Ports task_abort.rs.
#include "support/runtime_fixture.hpp"

#include <edo/sync/notify.hpp>

#include <future>
#include <memory>
#include <stdexcept>
#include <thread>

namespace {

using edo::task;
using edo::test::counted;
using namespace std::chrono_literals;

using gate = std::shared_ptr<edo::sync::notify>;
gate make_gate() { return std::make_shared<edo::sync::notify>(); }
task<> forever() { co_await edo::sleep_until(edo::clock::time_point::max()); }
task<> pass(gate g) {
    auto opened = g->notified();
    co_await opened;
}

task<> holds(gate started, counted c) {
    static_cast<void>(c);
    started->notify_one();
    co_await forever();
}

class task_abort : public edo::test::runtime_test {};

TEST_P(task_abort, test_abort_without_panic_3157) {
    auto handle = rt().spawn([]() -> task<> { co_await edo::sleep_for(100s); });
    auto body = [&]() -> task<> {
        co_await edo::yield_now();
        handle.abort();
        auto joined = co_await handle.join();
        EXPECT_TRUE(!joined && joined.error().is_cancelled());
    };
    rt().block_on(body());
}

TEST_P(task_abort, test_abort_without_panic_3662) {
    std::atomic<int> alive = 0;
    auto started = make_gate();
    auto handle = rt().spawn(&holds, started, counted(alive));
    auto body = [&]() -> task<> {
        co_await pass(started);
        std::jthread([&] { handle.abort(); }).join();
        auto joined = co_await handle.join();
        EXPECT_TRUE(!joined && joined.error().is_cancelled());
        EXPECT_EQ(alive, 0);
        auto later = edo::spawn([]() -> task<> { co_await edo::yield_now(); });
        co_await later;
    };
    rt().block_on(body());
}

TEST_P(task_abort, remote_abort_local_set_3929) {
    // Without atomics: it must die on the thread of the set.
    class notes_thread {
    public:
        notes_thread(std::thread::id& where, bool& gone) : where_(&where), gone_(&gone) {}
        notes_thread(notes_thread&& o) noexcept
            : where_(std::exchange(o.where_, nullptr)), gone_(o.gone_) {}
        ~notes_thread() {
            if (where_ == nullptr) { return; }
            *where_ = std::this_thread::get_id();
            *gone_ = true;
        }

    private:
        std::thread::id* where_;
        bool* gone_;
    };
    std::thread::id died_on;
    bool gone = false;
    edo::local_set set;
    auto main = [&]() -> task<> {
        auto handle = edo::spawn_local([](notes_thread) -> task<> { co_await forever(); },
                                       edo::unchecked(notes_thread(died_on, gone)));
        co_await edo::yield_now();
        std::jthread aborter([ender = handle.abort_handle()] { ender.abort(); });
        auto joined = co_await handle.join();
        EXPECT_TRUE(!joined && joined.error().is_cancelled());
    };
    set.block_on(rt(), main);
    EXPECT_TRUE(gone);
    EXPECT_EQ(died_on, std::this_thread::get_id());
}

TEST_P(task_abort, test_abort_wakes_task_3964) {
    auto owned = std::make_shared<int>(0);
    const std::weak_ptr<int> watched = owned;
    auto started = make_gate();
    auto body = [&]() -> task<> {
        auto handle = edo::spawn(
            [](gate s, std::shared_ptr<int>) -> task<> {
                s->notify_one();
                co_await forever();
            },
            started, std::move(owned));
        co_await pass(started);
        handle.abort();
        handle.detach();
        while (!watched.expired()) { co_await edo::yield_now(); }
    };
    rt().block_on(body());
}

TEST_P(task_abort, before_the_first_run_destroys_the_arguments_and_runs_nothing) {
    if (!is_current_thread()) { GTEST_SKIP() << "a worker would start it at once"; }
    std::atomic<int> alive = 0;
    auto handle = rt().spawn(
        [](counted) -> task<> {
            ADD_FAILURE() << "it ran";
            co_return;
        },
        counted(alive));
    handle.abort();
    EXPECT_FALSE(handle.is_finished());
    EXPECT_EQ(alive, 1);
    auto joined = rt().block_on(handle.join());
    EXPECT_TRUE(!joined && joined.error().is_cancelled());
    EXPECT_EQ(alive, 0);
}

TEST_P(task_abort, of_itself_takes_effect_at_the_next_suspension) {
    auto handle = rt().spawn(
        [](std::shared_ptr<int> steps) -> task<> {
            auto ender = edo::spawn([]() -> task<> { co_return; });
            co_await ender;
            static_cast<void>(steps);
        },
        std::make_shared<int>(0));
    rt().block_on(std::move(handle));
    auto steps = std::make_shared<std::atomic<int>>(0);
    auto passed = std::make_shared<std::promise<edo::abort_handle>>();
    auto self = rt().spawn(
        [](std::shared_ptr<std::atomic<int>> s,
           std::shared_ptr<std::promise<edo::abort_handle>> p) -> task<> {
            const auto me = p->get_future().get();
            me.abort();
            ++*s;
            co_await [](std::shared_ptr<std::atomic<int>> inner) -> task<> {  // no suspension
                ++*inner;
                co_return;
            }(s);
            ++*s;
            co_await edo::yield_now();
            ++*s;
        },
        steps, passed);
    passed->set_value(self.abort_handle());
    auto joined = rt().block_on(self.join());
    EXPECT_TRUE(!joined && joined.error().is_cancelled());
    EXPECT_EQ(*steps, 3);
}

TEST_P(task_abort, of_a_task_that_returns_without_suspending_again_leaves_its_value) {
    auto passed = std::make_shared<std::promise<edo::abort_handle>>();
    auto self = rt().spawn(
        [](std::shared_ptr<std::promise<edo::abort_handle>> p) -> task<int> {
            p->get_future().get().abort();
            co_return 6;
        },
        passed);
    passed->set_value(self.abort_handle());
    EXPECT_EQ(rt().block_on(std::move(self)), 6);
}

TEST_P(task_abort, through_any_copy_of_an_abort_handle_and_of_the_finished_is_nothing) {
    auto started = make_gate();
    std::atomic<int> alive = 0;
    auto handle = rt().spawn(&holds, started, counted(alive));
    edo::abort_handle first = handle.abort_handle();
    edo::abort_handle second = first;
    edo::abort_handle third;
    third.abort();
    EXPECT_TRUE(third.is_finished());
    EXPECT_THROW(static_cast<void>(third.id()), std::logic_error);
    third = std::move(first);
    EXPECT_EQ(second.id(), handle.id());
    rt().block_on(pass(started));
    EXPECT_FALSE(third.is_finished());
    third.abort();
    second.abort();
    auto joined = rt().block_on(handle.join());
    EXPECT_TRUE(!joined && joined.error().is_cancelled());
    EXPECT_TRUE(second.is_finished());
    second.abort();
}

TEST_P(task_abort, destroys_the_frames_before_the_handle_reports) {
    std::atomic<int> alive = 0;
    for (int i = 0; i < 100; ++i) {
        auto started = make_gate();
        auto handle = rt().spawn(&holds, started, counted(alive));
        auto body = [&]() -> task<> {
            co_await pass(started);
            handle.abort();
            auto joined = co_await handle.join();
            EXPECT_TRUE(!joined && joined.error().is_cancelled());
            EXPECT_EQ(alive, 0);
        };
        rt().block_on(body());
    }
}

TEST_P(task_abort, outlives_the_runtime) {
    auto handle = rt().spawn(&forever);
    auto ender = handle.abort_handle();
    stop();
    ender.abort();
    EXPECT_TRUE(ender.is_finished());
}

TEST_P(task_abort, an_ended_task_stays_finished_when_it_was_joined_or_detached) {
    auto joined = rt().spawn([]() -> task<> { co_return; });
    auto detached = rt().spawn([]() -> task<> { co_return; });
    const auto of_joined = joined.abort_handle();
    const auto of_detached = detached.abort_handle();
    auto body = [&]() -> task<> {
        co_await joined;
        while (!of_detached.is_finished()) { co_await edo::yield_now(); }
    };
    rt().block_on(body());
    { const auto gone = std::move(joined); }
    detached.detach();
    EXPECT_TRUE(of_joined.is_finished());
    EXPECT_TRUE(of_detached.is_finished());
}

INSTANTIATE_TEST_SUITE_P(task, task_abort, edo::test::all_kinds, edo::test::kind_name);

}  // namespace
