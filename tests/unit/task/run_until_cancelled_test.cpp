// cancellation_token::run_until_cancelled: who wins, and what is left of the loser. Ports
// run_until_cancelled_test of sync_cancellation_token.rs.
#include <edo/sync/notify.hpp>
#include <edo/task/cancellation_token.hpp>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>

#include "support/paused_fixture.hpp"

namespace {

namespace test = edo::test;
using edo::cancellation_token;
using edo::task;
using namespace std::chrono_literals;

using gate = std::shared_ptr<edo::sync::notify>;
gate make_gate() { return std::make_shared<edo::sync::notify>(); }
task<> forever() { co_await edo::sleep_until(edo::clock::time_point::max()); }
task<> forever_with(test::counted) { co_await forever(); }
task<int> value(int v) { co_return v; }
task<int> value_after(gate g, int v) {
    co_await g->notified();
    co_return v;
}

class run_until_cancelled : public test::runtime_test {};
INSTANTIATE_TEST_SUITE_P(task, run_until_cancelled, test::all_kinds, test::kind_name);

TEST_P(run_until_cancelled, run_until_cancelled_test) {
    auto body = []() -> task<> {
        const cancellation_token token;
        auto canceller = edo::spawn(
            [](cancellation_token t) -> task<> {
                t.cancel();
                co_return;
            },
            token);
        const auto nothing = co_await token.run_until_cancelled(forever());
        EXPECT_FALSE(nothing.has_value());
        co_await canceller;
        const cancellation_token another;
        const auto result = co_await another.run_until_cancelled(value(42));
        EXPECT_EQ(result, 42);
        EXPECT_FALSE(another.is_cancelled());
    };
    rt().block_on(body());
}

TEST_P(run_until_cancelled, gives_what_comes_later) {
    auto body = []() -> task<> {
        const cancellation_token token;
        auto g = make_gate();
        auto opener = edo::spawn(
            [](gate mine) -> task<> {
                co_await edo::yield_now();
                mine->notify_one();
            },
            g);
        const auto result = co_await token.run_until_cancelled(value_after(g, 7));
        EXPECT_EQ(result, 7);
        co_await opener;
    };
    rt().block_on(body());
}

TEST_P(run_until_cancelled, of_every_kind_of_result) {
    auto body = []() -> task<> {
        const cancellation_token token;
        auto of_void = co_await token.run_until_cancelled(edo::yield_now());
        static_assert(std::is_same_v<decltype(of_void), std::optional<std::monostate>>);
        EXPECT_TRUE(of_void.has_value());
        const auto make = []() -> task<std::unique_ptr<int>> {
            co_return std::make_unique<int>(3);
        };
        auto of_unique = co_await token.run_until_cancelled(make());
        EXPECT_TRUE(of_unique && **of_unique == 3);
        int referred = 0;
        const auto refer = [&]() -> task<int&> { co_return referred; };
        auto of_reference = co_await token.run_until_cancelled(refer());
        EXPECT_TRUE(of_reference && &of_reference->get() == &referred);
        const auto nothing = []() -> task<std::optional<int>> { co_return std::nullopt; };
        auto of_optional = co_await token.run_until_cancelled(nothing());
        EXPECT_TRUE(of_optional.has_value() && !of_optional->has_value());
        const auto nested = []() -> task<std::string> { co_return "inner"; };
        auto of_nested =
            co_await token.run_until_cancelled(token.child_token().run_until_cancelled(nested()));
        EXPECT_TRUE(of_nested && *of_nested == "inner");
    };
    rt().block_on(body());
}

TEST_P(run_until_cancelled, already_cancelled_but_ready_at_once) {
    auto body = []() -> task<> {
        const cancellation_token token;
        token.cancel();
        const auto result = co_await token.run_until_cancelled(value(1));
        EXPECT_EQ(result, 1);
        auto g = make_gate();
        g->notify_one();
        const auto leaf = co_await token.run_until_cancelled(g->notified());
        EXPECT_TRUE(leaf.has_value());
    };
    rt().block_on(body());
}

TEST_P(run_until_cancelled, already_cancelled_and_not_ready) {
    std::atomic<int> alive = 0;
    auto body = [&]() -> task<> {
        const cancellation_token token;
        token.cancel();
        bool was_tried = false;
        const auto tries = [&](test::counted) -> task<> {
            was_tried = true;
            co_await forever();
        };
        const auto nothing = co_await token.run_until_cancelled(tries(test::counted(alive)));
        EXPECT_FALSE(nothing.has_value());
        EXPECT_TRUE(was_tried);
        EXPECT_EQ(alive, 0);
    };
    rt().block_on(body());
}

TEST_P(run_until_cancelled, an_exception_comes_through) {
    auto body = []() -> task<> {
        const cancellation_token token;
        const auto throws = [](bool later) -> task<int> {
            if (later) { co_await edo::yield_now(); }
            throw std::runtime_error("inner");
        };
        for (const bool later : {false, true}) {
            bool caught = false;
            try {
                static_cast<void>(co_await token.run_until_cancelled(throws(later)));
            } catch (const std::runtime_error&) { caught = true; }
            EXPECT_TRUE(caught);
        }
        token.cancel();
        bool caught = false;
        try {
            static_cast<void>(co_await token.run_until_cancelled(throws(false)));
        } catch (const std::runtime_error&) { caught = true; }
        EXPECT_TRUE(caught) << "it was ready at once";
        const auto nothing = co_await token.run_until_cancelled(throws(true));
        EXPECT_FALSE(nothing.has_value()) << "it would have thrown later";
    };
    rt().block_on(body());
}

TEST_P(run_until_cancelled, the_loser_is_gone_before_it_goes_on) {
    std::atomic<int> alive = 0;
    auto body = [&]() -> task<> {
        const cancellation_token token;
        auto canceller = edo::spawn(
            [](cancellation_token t) -> task<> {
                co_await edo::yield_now();
                t.cancel();
            },
            token);
        const auto nothing = co_await token.run_until_cancelled(forever_with(test::counted(alive)));
        EXPECT_FALSE(nothing.has_value());
        EXPECT_EQ(alive, 0);
        co_await canceller;
    };
    rt().block_on(body());
}

TEST_P(run_until_cancelled, what_was_borrowed_can_be_awaited_again) {
    auto body = []() -> task<> {
        const cancellation_token token;
        token.cancel();
        auto g = make_gate();
        auto handle = edo::spawn(&value_after, g, 5);
        const auto nothing = co_await token.run_until_cancelled(handle);
        EXPECT_FALSE(nothing.has_value());
        auto opened = g->notified();
        g->notify_one();
        const int late = co_await handle;
        EXPECT_EQ(late, 5);
        const auto leaf = co_await token.run_until_cancelled(opened);
        EXPECT_FALSE(leaf.has_value());
        g->notify_one();
        co_await opened;
    };
    rt().block_on(body());
}

TEST_P(run_until_cancelled, needs_no_token_but_its_own) {
    std::stop_source source;
    auto body = [&]() -> task<> {
        auto stopper = edo::spawn(
            [](std::stop_source s) -> task<> {
                co_await edo::yield_now();
                s.request_stop();
            },
            source);
        auto operation = cancellation_token(source.get_token()).run_until_cancelled(forever());
        const auto nothing = co_await std::move(operation);
        EXPECT_FALSE(nothing.has_value());
        co_await stopper;
    };
    rt().block_on(body());
}

TEST_P(run_until_cancelled, is_dropped_with_its_task) {
    std::atomic<int> alive = 0;
    auto body = [&]() -> task<> {
        const cancellation_token token;
        auto started = make_gate();
        auto handle = edo::spawn(
            [](cancellation_token t, gate s, test::counted c) -> task<> {
                s->notify_one();
                co_await t.run_until_cancelled(forever_with(c));
            },
            token, started, test::counted(alive));
        co_await started->notified();
        handle.abort();
        const auto joined = co_await handle.join();
        EXPECT_FALSE(joined.has_value());
        EXPECT_EQ(alive, 0);
        token.cancel();
    };
    rt().block_on(body());
}

/// Both come in one turn of the task: a current-thread runtime runs nothing in between.
class run_until_cancelled_in_one_turn : public test::paused_test {};

TEST_F(run_until_cancelled_in_one_turn, a_value_wins_whatever_came_first) {
    auto body = []() -> task<> {
        for (const bool cancel_first : {true, false}) {
            const cancellation_token token;
            auto g = make_gate();
            auto both = edo::spawn(
                [](cancellation_token t, gate mine, bool first) -> task<> {
                    if (first) { t.cancel(); }
                    mine->notify_one();
                    if (!first) { t.cancel(); }
                    co_return;
                },
                token, g, cancel_first);
            const auto result = co_await token.run_until_cancelled(value_after(g, 9));
            EXPECT_TRUE(token.is_cancelled());
            EXPECT_EQ(result, 9);
            co_await both;
        }
    };
    run(body());
}

TEST_F(run_until_cancelled_in_one_turn, an_exception_wins) {
    auto body = []() -> task<> {
        const cancellation_token token;
        auto g = make_gate();
        auto both = edo::spawn(
            [](cancellation_token t, gate mine) -> task<> {
                t.cancel();
                mine->notify_one();
                co_return;
            },
            token, g);
        const auto throws = [](gate mine) -> task<> {
            co_await mine->notified();
            throw std::runtime_error("inner");
        };
        bool caught = false;
        try {
            static_cast<void>(co_await token.run_until_cancelled(throws(g)));
        } catch (const std::runtime_error&) { caught = true; }
        EXPECT_TRUE(caught);
        co_await both;
    };
    run(body());
}

TEST_F(run_until_cancelled_in_one_turn, what_was_woken_but_needs_longer_loses) {
    std::atomic<int> alive = 0;
    auto body = [&]() -> task<> {
        const cancellation_token token;
        auto g = make_gate();
        auto both = edo::spawn(
            [](cancellation_token t, gate mine) -> task<> {
                mine->notify_one();
                t.cancel();
                co_return;
            },
            token, g);
        bool was_resumed = false;
        const auto longer = [&](gate mine, test::counted) -> task<> {
            co_await mine->notified();
            was_resumed = true;
            co_await forever();
        };
        const auto nothing = co_await token.run_until_cancelled(longer(g, test::counted(alive)));
        EXPECT_FALSE(nothing.has_value());
        EXPECT_TRUE(was_resumed);
        EXPECT_EQ(alive, 0);
        co_await both;
    };
    run(body());
}

TEST_F(run_until_cancelled_in_one_turn, the_inner_one_cancels) {
    auto body = []() -> task<> {
        const cancellation_token token;
        const auto gives = [&]() -> task<int> {
            token.cancel();
            co_return 4;
        };
        const auto result = co_await token.run_until_cancelled(gives());
        EXPECT_EQ(result, 4);
        const cancellation_token other;
        const auto waits = [&]() -> task<int> {
            other.cancel();
            co_await forever();
            co_return 4;
        };
        const auto nothing = co_await other.run_until_cancelled(waits());
        EXPECT_FALSE(nothing.has_value());
    };
    run(body());
}

TEST_F(run_until_cancelled_in_one_turn, the_loser_may_cancel_while_it_is_dropped) {
    auto body = []() -> task<> {
        const cancellation_token token;
        const cancellation_token other;
        const auto guards = [&]() -> task<> {
            const auto again = token.drop_guard();
            const auto another = other.drop_guard();
            co_await forever();
        };
        auto canceller = edo::spawn(
            [](cancellation_token t) -> task<> {
                t.cancel();
                co_return;
            },
            token);
        const auto nothing = co_await token.run_until_cancelled(guards());
        EXPECT_FALSE(nothing.has_value());
        EXPECT_TRUE(other.is_cancelled());
        co_await canceller;
    };
    run(body());
}

TEST_F(run_until_cancelled_in_one_turn, a_winner_takes_no_longer_than_alone) {
    auto body = []() -> task<> {
        const test::stopwatch watch;
        const cancellation_token token;
        const auto result = co_await token.run_until_cancelled(edo::sleep_for(5s));
        EXPECT_TRUE(result.has_value());
        EXPECT_EQ(watch.elapsed(), 5s);
    };
    run(body());
}

TEST_F(run_until_cancelled_in_one_turn, given_up_by_a_timeout_it_leaves_no_waiter) {
    std::atomic<int> alive = 0;
    auto body = [&]() -> task<> {
        const cancellation_token token;
        auto late = co_await edo::timeout(
            1s, token.run_until_cancelled(forever_with(test::counted(alive))));
        EXPECT_FALSE(late.has_value());
        EXPECT_EQ(alive, 0);
        token.cancel();
    };
    run(body());
}

TEST_F(run_until_cancelled_in_one_turn, the_first_of_several_tokens_ends_it) {
    auto body = []() -> task<> {
        const cancellation_token outer;
        const auto inner = outer.child_token();
        auto canceller = edo::spawn(
            [](cancellation_token t) -> task<> {
                t.cancel();
                co_return;
            },
            inner);
        const auto first = co_await outer.run_until_cancelled(inner.run_until_cancelled(forever()));
        EXPECT_TRUE(first.has_value() && !first->has_value());
        EXPECT_FALSE(outer.is_cancelled());
        co_await canceller;
    };
    run(body());
}

}  // namespace
