#include <edo/edo.hpp>
#include <edo/sync/event.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <optional>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "support/paused_fixture.hpp"
#include "support/poll.hpp"
#include "support/runtime_fixture.hpp"

namespace {

namespace test = edo::test;
using edo::sync::event;
using edo::sync::event_reset;
using waiter = test::polled<edo::detail::event_wait>;

TEST(manual_event, stays_set_until_it_is_reset) {
    event e;
    EXPECT_FALSE(e.is_set());
    e.set();
    e.set();
    EXPECT_TRUE(e.is_set());
    for (int i = 0; i < 3; ++i) {
        auto waiting = test::by_hand(e.wait());
        EXPECT_TRUE(waiting.poll());
        waiting.take();
        EXPECT_TRUE(e.is_set());
    }
    e.reset();
    e.reset();
    EXPECT_FALSE(e.is_set());
    auto waiting = test::by_hand(e.wait());
    EXPECT_FALSE(waiting.poll());
}

TEST(manual_event, may_be_set_from_the_start) {
    event e(event_reset::manual, true);
    EXPECT_TRUE(e.is_set());
    auto waiting = test::by_hand(e.wait());
    EXPECT_TRUE(waiting.poll());
}

TEST(manual_event, wakes_all_who_wait) {
    event e;
    auto waiting = test::line_of(100, [&] { return e.wait(); });
    e.set();
    for (auto& w : waiting) {
        EXPECT_EQ(w.wakes(), 1);
        EXPECT_TRUE(w.poll());
        w.take();
    }
}

TEST(manual_event, those_it_has_woken_go_on_though_it_is_reset) {
    event e;
    auto woken = test::by_hand(e.wait());
    auto disarmed = test::by_hand(e.wait());
    EXPECT_FALSE(woken.poll());
    EXPECT_FALSE(disarmed.poll());
    e.set();
    e.reset();
    auto late = test::by_hand(e.wait());
    EXPECT_FALSE(late.poll());
    EXPECT_TRUE(woken.poll());
    woken.take();
    disarmed.leaf().disarm();
    auto again = test::by_hand(std::move(disarmed.leaf()));
    EXPECT_TRUE(again.poll());
    again.take();
    EXPECT_FALSE(late.is_woken());
    EXPECT_FALSE(e.is_set());
}

TEST(manual_event, a_waiter_that_is_dropped_changes_nothing) {
    event e;
    auto line = test::line_of(3, [&] { return e.wait(); });
    auto &first = line[0], &second = line[1], &third = line[2];
    second.drop();
    e.set();
    EXPECT_TRUE(first.is_woken());
    EXPECT_FALSE(second.is_woken());
    EXPECT_TRUE(third.is_woken());
    e.reset();
    auto late = test::by_hand(e.wait());
    EXPECT_FALSE(late.poll());
    first.drop();
    third.drop();
    EXPECT_FALSE(e.is_set());
    EXPECT_FALSE(late.is_woken());
}

TEST(automatic_event, one_wait_takes_it) {
    event e(event_reset::automatic);
    e.set();
    e.set();
    EXPECT_TRUE(e.is_set());
    auto first = test::by_hand(e.wait());
    EXPECT_TRUE(first.poll());
    EXPECT_FALSE(e.is_set());
    first.take();
    auto second = test::by_hand(e.wait());
    EXPECT_FALSE(second.poll());
}

TEST(automatic_event, may_be_set_from_the_start) {
    event e(event_reset::automatic, true);
    auto first = test::by_hand(e.wait());
    auto second = test::by_hand(e.wait());
    EXPECT_TRUE(first.poll());
    EXPECT_FALSE(second.poll());
}

TEST(automatic_event, reset_unsets_it) {
    event e(event_reset::automatic, true);
    e.reset();
    EXPECT_FALSE(e.is_set());
    auto waiting = test::by_hand(e.wait());
    EXPECT_FALSE(waiting.poll());
}

TEST(automatic_event, goes_to_those_who_wait_first_come_first_served) {
    event e(event_reset::automatic);
    auto line = test::line_of(3, [&] { return e.wait(); });
    auto &first = line[0], &second = line[1], &third = line[2];
    e.set();
    EXPECT_TRUE(first.is_woken());
    EXPECT_FALSE(second.is_woken());
    EXPECT_FALSE(e.is_set());
    auto late = test::by_hand(e.wait());
    EXPECT_FALSE(late.poll());
    EXPECT_TRUE(first.poll());
    first.take();
    EXPECT_FALSE(second.is_woken());
    e.set();
    EXPECT_TRUE(second.is_woken());
    EXPECT_FALSE(third.is_woken());
    e.set();
    e.set();
    EXPECT_TRUE(third.is_woken());
    EXPECT_TRUE(late.is_woken());
    EXPECT_FALSE(e.is_set());
    e.set();
    EXPECT_TRUE(e.is_set());
}

TEST(automatic_event, a_waiter_that_is_dropped_leaves_the_others_in_order) {
    event e(event_reset::automatic);
    auto line = test::line_of(3, [&] { return e.wait(); });
    auto &first = line[0], &second = line[1], &third = line[2];
    first.drop();
    EXPECT_FALSE(e.is_set());
    EXPECT_FALSE(second.is_woken());
    e.set();
    EXPECT_TRUE(second.is_woken());
    EXPECT_FALSE(third.is_woken());
}

TEST(automatic_event, one_that_was_given_and_dropped_goes_to_the_next) {
    event e(event_reset::automatic);
    auto line = test::line_of(3, [&] { return e.wait(); });
    auto &first = line[0], &second = line[1], &third = line[2];
    e.set();
    first.drop();
    EXPECT_TRUE(second.is_woken());
    EXPECT_FALSE(third.is_woken());
    EXPECT_FALSE(e.is_set());
    second.drop();
    EXPECT_TRUE(third.is_woken());
    third.drop();
    EXPECT_TRUE(e.is_set());
}

TEST(automatic_event, one_that_was_ready_but_not_taken_goes_to_the_next) {
    event e(event_reset::automatic, true);
    auto next = test::by_hand(e.wait());
    {
        auto leaf = e.wait();
        EXPECT_TRUE(leaf.ready());
        EXPECT_TRUE(leaf.ready());
        EXPECT_FALSE(e.is_set());
        auto moved = std::move(leaf);
        EXPECT_FALSE(e.is_set());
        EXPECT_FALSE(next.poll());
    }
    EXPECT_TRUE(next.is_woken());
    EXPECT_FALSE(e.is_set());
}

TEST(automatic_event, one_that_was_taken_is_not_given_back) {
    event e(event_reset::automatic);
    {
        auto given = test::by_hand(e.wait());
        EXPECT_FALSE(given.poll());
        e.set();
        given.take();
    }
    EXPECT_FALSE(e.is_set());
    e.set();
    {
        auto ready = test::by_hand(e.wait());
        EXPECT_TRUE(ready.poll());
        ready.take();
    }
    EXPECT_FALSE(e.is_set());
}

TEST(automatic_event, one_that_was_given_to_a_wait_that_was_disarmed_is_kept) {
    event e(event_reset::automatic);
    auto first = test::by_hand(e.wait());
    EXPECT_FALSE(first.poll());
    e.set();
    first.leaf().disarm();
    EXPECT_FALSE(e.is_set());
    auto other = test::by_hand(e.wait());
    EXPECT_FALSE(other.poll());
    auto again = test::by_hand(std::move(first.leaf()));
    EXPECT_TRUE(again.poll());
    again.take();
    EXPECT_FALSE(other.is_woken());
    EXPECT_FALSE(e.is_set());
}

TEST(manual_event, blocking_wait) {
    event e;
    int value = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < 3; ++t) {
        threads.emplace_back([&] {
            e.blocking_wait();
            EXPECT_EQ(value, 1);
        });
    }
    value = 1;
    e.set();
    for (auto& thread : threads) { thread.join(); }
}

TEST(automatic_event, blocking_wait) {
    // Each round trip needs its own two events.
    event ping(event_reset::automatic);
    event pong(event_reset::automatic);
    int value = 0;
    std::thread other([&] {
        for (int i = 0; i < 1000; ++i) {
            ping.blocking_wait();
            ++value;
            pong.set();
        }
    });
    for (int i = 0; i < 1000; ++i) {
        ping.set();
        pong.blocking_wait();
        EXPECT_EQ(value, i + 1);
    }
    other.join();
}

class event_paused : public test::paused_test {};

TEST_F(event_paused, a_leaf_that_timed_out_is_awaited_again) {
    run([]() -> edo::task<> {
        event manual;
        event automatic(event_reset::automatic);
        for (event* e : {&manual, &automatic}) {
            auto leaf = e->wait();
            bool ready = co_await test::poll_once(leaf);
            EXPECT_FALSE(ready);
            ready = co_await test::poll_once(leaf);
            EXPECT_FALSE(ready);
            e->set();
            EXPECT_TRUE(e->is_set());  // nobody waits
            co_await leaf;
            EXPECT_EQ(e->is_set(), e == &manual);
        }
        auto again = automatic.wait();
        automatic.set();
        const bool ready = co_await test::poll_once(again);
        EXPECT_TRUE(ready);
        EXPECT_FALSE(automatic.is_set());
    }());
}

class event_test : public test::runtime_test {};
INSTANTIATE_TEST_SUITE_P(kinds, event_test, test::all_kinds, test::kind_name);

TEST_P(event_test, a_manual_one_starts_all) {
    rt().block_on([]() -> edo::task<> {
        struct shared_state {
            event start;
            int value = 0;
        };
        auto state = std::make_shared<shared_state>();
        std::vector<edo::join_handle<void>> handles;
        for (int i = 0; i < 50; ++i) {
            handles.push_back(edo::spawn(
                [](std::shared_ptr<shared_state> s) -> edo::task<> {
                    co_await s->start.wait();
                    EXPECT_EQ(s->value, 7);
                },
                state));
        }
        state->value = 7;
        state->start.set();
        for (auto& handle : handles) { co_await handle; }
    }());
}

struct turnstile {
    event open{event_reset::automatic, true};
    std::atomic<int> inside{0};
    int passed = 0;
};

TEST_P(event_test, an_automatic_one_lets_one_through_at_a_time) {
    auto state = std::make_shared<turnstile>();
    rt().block_on([](std::shared_ptr<turnstile> shared) -> edo::task<> {
        std::vector<edo::join_handle<void>> handles;
        for (int i = 0; i < 20; ++i) {
            handles.push_back(edo::spawn(
                [](std::shared_ptr<turnstile> t) -> edo::task<> {
                    for (int n = 0; n < 50; ++n) {
                        co_await t->open.wait();
                        EXPECT_EQ(++t->inside, 1);
                        ++t->passed;
                        if (n % 8 == 0) { co_await edo::yield_now(); }
                        --t->inside;
                        t->open.set();
                    }
                },
                shared));
        }
        for (auto& handle : handles) { co_await handle; }
    }(state));
    EXPECT_EQ(state->passed, 1000);
    EXPECT_TRUE(state->open.is_set());
}

TEST_P(event_test, one_that_was_given_to_an_aborted_task_goes_to_the_next) {
    rt().block_on([]() -> edo::task<> {
        auto e = std::make_shared<event>(event_reset::automatic);
        const auto wait = [](std::shared_ptr<event> shared) -> edo::task<> {
            co_await shared->wait();
        };
        for (int i = 0; i < 20; ++i) {
            auto first = edo::spawn(wait, e);
            auto second = edo::spawn(wait, e);
            co_await edo::yield_now();
            e->set();
            first.abort();
            const auto result = co_await first.join();
            if (result.has_value()) { e->set(); }
            co_await second;
            EXPECT_FALSE(e->is_set());
        }
    }());
}

TEST_P(event_test, blocking_wait_inside_a_task_is_refused) {
    rt().block_on([]() -> edo::task<> {
        event e(event_reset::automatic, true);
        EXPECT_THROW(e.blocking_wait(), std::logic_error);
        EXPECT_TRUE(e.is_set());
        co_return;
    }());
}

static_assert(!edo::owning<edo::detail::event_wait>);
static_assert(edo::sendable<edo::detail::event_wait>);

}  // namespace
