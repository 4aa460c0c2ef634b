#include <edo/edo.hpp>
#include <edo/sync/condition_variable.hpp>
#include <edo/sync/mutex.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "support/paused_fixture.hpp"
#include "support/runtime_fixture.hpp"

namespace {

namespace test = edo::test;
using edo::sync::condition_variable;
using edo::sync::mutex;
using namespace std::chrono_literals;

/// Tasks that wait, and what became of them.
struct queue {
    condition_variable changed;
    mutex<std::vector<int>> passed;  ///< who was notified, in this order
};
using pointer = std::shared_ptr<queue>;

edo::task<> wait_once(pointer q, int me) {
    auto guard = co_await q->passed.lock();
    co_await q->changed.wait(guard);
    EXPECT_TRUE(guard.owns_lock());
    guard->push_back(me);
}

/// Current-thread runtimes with a clock that moves only when nothing can run: after a sleep every
/// task has come as far as it can.
class condition_variable_paused : public test::paused_test {
protected:
    using handles = std::vector<edo::join_handle<void>>;
    static edo::task<> settle() { co_await edo::sleep_for(1ms); }
    static edo::task<std::vector<int>> passed(pointer q) {
        co_await settle();
        auto guard = co_await q->passed.lock();
        co_return *guard;
    }
    static edo::task<> start(pointer q, handles& tasks, int count) {
        for (int i = 0; i < count; ++i) {
            tasks.push_back(edo::spawn(wait_once, q, static_cast<int>(tasks.size())));
        }
        co_await settle();
    }
    /// Lets everybody go who still waits.
    static edo::task<> finish(pointer q, handles& tasks) {
        q->changed.notify_all();
        for (auto& handle : tasks) { static_cast<void>(co_await handle.join()); }
        EXPECT_TRUE(q->passed.try_lock().has_value());
    }
    using order = std::vector<int>;
};

TEST_F(condition_variable_paused, the_lock_is_released_meanwhile_and_held_afterwards) {
    run([]() -> edo::task<> {
        auto q = std::make_shared<queue>();
        handles tasks;
        co_await start(q, tasks, 1);
        auto guard = q->passed.try_lock();
        EXPECT_TRUE(guard.has_value());
        q->changed.notify_one();
        co_await settle();
        EXPECT_TRUE((*guard)->empty());  // it waits for the lock
        guard.reset();
        const auto who = co_await passed(q);
        EXPECT_EQ(who, order{0});
        co_await finish(q, tasks);
    }());
}

TEST_F(condition_variable_paused, notify_one_wakes_the_one_that_has_waited_longest) {
    run([]() -> edo::task<> {
        auto q = std::make_shared<queue>();
        handles tasks;
        co_await start(q, tasks, 4);
        auto who = co_await passed(q);
        EXPECT_EQ(who, order{});
        q->changed.notify_one();
        who = co_await passed(q);
        EXPECT_EQ(who, order{0});
        q->changed.notify_one();
        q->changed.notify_one();
        who = co_await passed(q);
        const order three{0, 1, 2};
        EXPECT_EQ(who, three);
        co_await finish(q, tasks);
    }());
}

TEST_F(condition_variable_paused, notify_all_wakes_all_that_wait_now) {
    run([]() -> edo::task<> {
        auto q = std::make_shared<queue>();
        handles tasks;
        co_await start(q, tasks, 100);
        q->changed.notify_all();
        auto who = co_await passed(q);
        EXPECT_EQ(who.size(), 100U);
        co_await start(q, tasks, 1);
        who = co_await passed(q);
        EXPECT_EQ(who.size(), 100U);
        co_await finish(q, tasks);
    }());
}

TEST_F(condition_variable_paused, a_notification_without_a_waiter_is_not_stored) {
    run([]() -> edo::task<> {
        auto q = std::make_shared<queue>();
        q->changed.notify_one();
        q->changed.notify_all();
        handles tasks;
        co_await start(q, tasks, 1);
        const auto who = co_await passed(q);
        EXPECT_EQ(who, order{});
        co_await finish(q, tasks);
    }());
}

TEST_F(condition_variable_paused, a_guard_that_holds_nothing_is_refused) {
    run([]() -> edo::task<> {
        condition_variable changed;
        mutex m(0);
        auto guard = co_await m.lock();
        guard.unlock();
        bool refused = false;
        try {
            co_await changed.wait(guard);
        } catch (const std::logic_error&) { refused = true; }
        EXPECT_TRUE(refused);
        EXPECT_TRUE(m.try_lock().has_value());
        auto held = co_await m.lock();
        auto moved = std::move(held);
        refused = false;
        try {
            co_await changed.wait(held, [] { return false; });
        } catch (const std::logic_error&) { refused = true; }
        EXPECT_TRUE(refused);
        EXPECT_TRUE(moved.owns_lock());
    }());
}

TEST_F(condition_variable_paused, a_wait_that_is_not_awaited_does_nothing) {
    run([]() -> edo::task<> {
        condition_variable changed;
        mutex m(0);
        auto guard = co_await m.lock();
        { auto idle = changed.wait(guard); }
        EXPECT_TRUE(guard.owns_lock());
        EXPECT_FALSE(m.try_lock().has_value());
    }());
}

TEST_F(condition_variable_paused, a_predicate_that_is_true_does_not_wait) {
    run([]() -> edo::task<> {
        condition_variable changed;
        mutex m(7);
        auto guard = co_await m.lock();
        int calls = 0;
        const auto is_done = [&] {
            ++calls;
            EXPECT_TRUE(guard.owns_lock());
            return *guard == 7;
        };
        co_await changed.wait(guard, is_done);
        EXPECT_EQ(calls, 1);
        EXPECT_TRUE(guard.owns_lock());
    }());
}

TEST_F(condition_variable_paused, a_predicate_is_asked_after_each_notification_with_the_lock_held) {
    run([]() -> edo::task<> {
        struct shared_state {
            condition_variable changed;
            mutex<int> value{0};
            int calls = 0;
        };
        auto state = std::make_shared<shared_state>();
        auto handle = edo::spawn(
            [](std::shared_ptr<shared_state> s) -> edo::task<> {
                auto guard = co_await s->value.lock();
                const auto is_done = [&] {
                    ++s->calls;
                    EXPECT_TRUE(guard.owns_lock());
                    return *guard == 3;
                };
                co_await s->changed.wait(guard, is_done);
                EXPECT_EQ(*guard, 3);
            },
            state);
        co_await settle();
        EXPECT_EQ(state->calls, 1);
        for (int i = 1; i <= 3; ++i) {
            EXPECT_FALSE(handle.is_finished());
            ++**state->value.try_lock();
            state->changed.notify_one();
            co_await settle();
            EXPECT_EQ(state->calls, 1 + i);
        }
        EXPECT_TRUE(handle.is_finished());
        co_await handle;
    }());
}

TEST_F(condition_variable_paused, a_predicate_that_throws_leaves_the_lock_with_the_guard) {
    run([]() -> edo::task<> {
        condition_variable changed;
        mutex m(0);
        auto guard = co_await m.lock();
        bool threw = false;
        try {
            co_await changed.wait(guard, []() -> bool { throw std::runtime_error("no"); });
        } catch (const std::runtime_error&) { threw = true; }
        EXPECT_TRUE(threw);
        EXPECT_TRUE(guard.owns_lock());
    }());
}

TEST_F(condition_variable_paused, with_an_owned_guard) {
    run([]() -> edo::task<> {
        struct shared_state {
            condition_variable changed;
            bool passed = false;
        };
        auto state = std::make_shared<shared_state>();
        auto m = std::make_shared<mutex<int>>(0);
        auto handle = edo::spawn(
            [](std::shared_ptr<shared_state> s, std::shared_ptr<mutex<int>> owner) -> edo::task<> {
                auto guard = co_await mutex<int>::lock_owned(std::move(owner));
                co_await s->changed.wait(guard);
                EXPECT_EQ(*guard, 5);
                s->passed = true;
            },
            state, m);
        co_await settle();
        {
            auto guard = m->try_lock();
            EXPECT_TRUE(guard.has_value());
            **guard = 5;
        }
        const std::weak_ptr<mutex<int>> weak = m;
        m.reset();
        EXPECT_FALSE(weak.expired());
        state->changed.notify_one();
        co_await handle;
        EXPECT_TRUE(state->passed);
        EXPECT_TRUE(weak.expired());
    }());
}

TEST_F(condition_variable_paused, a_wait_that_timed_out_holds_nothing) {
    run([]() -> edo::task<> {
        condition_variable changed;
        mutex m(0);
        auto guard = co_await m.lock();
        const auto result = co_await edo::timeout(1ms, changed.wait(guard));
        EXPECT_FALSE(result.has_value());
        EXPECT_FALSE(guard.owns_lock());
        EXPECT_TRUE(m.try_lock().has_value());
        guard = co_await m.lock();
        EXPECT_TRUE(guard.owns_lock());
    }());
}

TEST_F(condition_variable_paused, a_waiter_that_is_dropped_leaves_the_others_in_order) {
    run([]() -> edo::task<> {
        auto q = std::make_shared<queue>();
        handles tasks;
        co_await start(q, tasks, 4);
        tasks[0].abort();
        tasks[2].abort();
        co_await settle();
        q->changed.notify_one();
        auto who = co_await passed(q);
        EXPECT_EQ(who, order{1});
        q->changed.notify_one();
        who = co_await passed(q);
        const order two{1, 3};
        EXPECT_EQ(who, two);
        co_await finish(q, tasks);
    }());
}

TEST_F(condition_variable_paused, a_notification_that_was_given_and_dropped_goes_to_the_next) {
    run([]() -> edo::task<> {
        auto q = std::make_shared<queue>();
        handles tasks;
        co_await start(q, tasks, 3);
        q->changed.notify_one();
        tasks[0].abort();  // it has not gone on yet
        const auto who = co_await passed(q);
        EXPECT_TRUE(tasks[0].is_finished());
        EXPECT_EQ(who, order{1});
        co_await finish(q, tasks);
    }());
}

TEST_F(condition_variable_paused, dropped_as_it_locks_again_the_notification_goes_to_the_next) {
    run([]() -> edo::task<> {
        auto q = std::make_shared<queue>();
        handles tasks;
        co_await start(q, tasks, 3);
        auto guard = q->passed.try_lock();
        q->changed.notify_one();
        co_await settle();  // the first one waits for the lock now
        tasks[0].abort();
        co_await settle();
        EXPECT_TRUE(tasks[0].is_finished());
        guard.reset();
        const auto who = co_await passed(q);
        EXPECT_EQ(who, order{1});
        co_await finish(q, tasks);
    }());
}

TEST_F(condition_variable_paused, a_dropped_waiter_of_notify_all_forwards_nothing) {
    run([]() -> edo::task<> {
        auto q = std::make_shared<queue>();
        handles tasks;
        co_await start(q, tasks, 1);
        auto guard = q->passed.try_lock();
        q->changed.notify_all();
        tasks[0].abort();
        // This one begins to wait after notify_all(), and before the first one is dropped.
        const auto notified = co_await edo::timeout(1ms, q->changed.wait(*guard));
        EXPECT_FALSE(notified.has_value());
        EXPECT_TRUE(tasks[0].is_finished());
        guard.reset();
        co_await finish(q, tasks);
    }());
}

class condition_variable_test : public test::runtime_test {};
INSTANTIATE_TEST_SUITE_P(kinds, condition_variable_test, test::all_kinds, test::kind_name);

/// A bounded buffer, the classic.
struct buffer {
    static constexpr std::size_t size = 2;
    mutex<std::deque<int>> values;
    condition_variable not_full;
    condition_variable not_empty;
    int sum = 0;  ///< guarded by `values`
};

TEST_P(condition_variable_test, a_bounded_buffer_loses_nothing) {
    auto state = std::make_shared<buffer>();
    rt().block_on([](std::shared_ptr<buffer> shared) -> edo::task<> {
        std::vector<edo::join_handle<void>> handles;
        for (int i = 0; i < 4; ++i) {
            handles.push_back(edo::spawn(
                [](std::shared_ptr<buffer> b) -> edo::task<> {
                    for (int n = 1; n <= 100; ++n) {
                        auto guard = co_await b->values.lock();
                        const auto is_done = [&] { return guard->size() < buffer::size; };
                        co_await b->not_full.wait(guard, is_done);
                        guard->push_back(n);
                        b->not_empty.notify_one();
                    }
                },
                shared));
            handles.push_back(edo::spawn(
                [](std::shared_ptr<buffer> b) -> edo::task<> {
                    for (int n = 1; n <= 100; ++n) {
                        auto guard = co_await b->values.lock();
                        const auto is_done = [&] { return !guard->empty(); };
                        co_await b->not_empty.wait(guard, is_done);
                        b->sum += guard->front();
                        guard->pop_front();
                        b->not_full.notify_one();
                    }
                },
                shared));
        }
        for (auto& handle : handles) { co_await handle; }
    }(state));
    EXPECT_EQ(state->sum, 4 * 5050);
    EXPECT_TRUE(state->values.get_unsynchronised().empty());
}

TEST_P(condition_variable_test, notify_all_ends_every_wait) {
    rt().block_on([]() -> edo::task<> {
        struct shared_state {
            mutex<bool> go{false};
            condition_variable changed;
        };
        auto state = std::make_shared<shared_state>();
        std::vector<edo::join_handle<void>> handles;
        for (int i = 0; i < 50; ++i) {
            handles.push_back(edo::spawn(
                [](std::shared_ptr<shared_state> s) -> edo::task<> {
                    auto guard = co_await s->go.lock();
                    const auto is_done = [&] { return *guard; };
                    co_await s->changed.wait(guard, is_done);
                },
                state));
        }
        co_await edo::yield_now();
        {
            auto guard = co_await state->go.lock();
            *guard = true;
        }
        state->changed.notify_all();
        for (auto& handle : handles) { co_await handle; }
    }());
}

}  // namespace
