// Streams: coroutines that may await and yield.
#include "support/paused_fixture.hpp"
#include "support/runtime_fixture.hpp"

#include <edo/edo.hpp>
#include <edo/sync/notify.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using edo::stream;
using edo::task;
using edo::sync::notify;

class streams : public edo::test::runtime_test {
protected:
    void run(task<> (*body)()) { rt().block_on(rt().spawn(body)); }
};
INSTANTIATE_TEST_SUITE_P(kinds, streams, edo::test::all_kinds, edo::test::kind_name);

stream<int> count(int n) {
    for (int i = 0; i < n; ++i) { co_yield i; }
}
stream<int> count_with_yields(int n) {
    for (int i = 0; i < n; ++i) {
        co_await edo::yield_now();
        co_yield i;
    }
}
template <class T>
task<std::vector<T>> all(stream<T> from) {
    std::vector<T> items;
    for (;;) {
        auto next = co_await from.next();
        if (!next) { co_return items; }
        items.push_back(std::move(*next));
    }
}

TEST_P(streams, give_what_is_yielded_and_then_nothing) {
    run([]() -> task<> {
        auto numbers = count(3);
        for (int i = 0; i < 3; ++i) {
            const auto next = co_await numbers.next();
            EXPECT_EQ(next, i);
        }
        for (int i = 0; i < 2; ++i) {
            const auto end = co_await numbers.next();
            EXPECT_FALSE(end.has_value());
        }
        stream<int> empty;
        const auto nothing = co_await empty.next();
        EXPECT_FALSE(nothing.has_value());
    });
}

TEST_P(streams, await_between_items) {
    run([]() -> task<> {
        const auto items = co_await all(count_with_yields(100));
        EXPECT_EQ(items.size(), 100U);
        EXPECT_EQ(items.back(), 99);
    });
}

TEST_P(streams, in_block_on_and_in_a_local_task) {
    EXPECT_EQ(rt().block_on(all(count_with_yields(3))), (std::vector{0, 1, 2}));
    edo::local_set set;
    EXPECT_EQ(set.block_on(rt(), all(count_with_yields(3))), (std::vector{0, 1, 2}));
}

TEST_P(streams, in_the_children_of_a_fork) {
    run([]() -> task<> {
        auto [a, b] = co_await edo::fork_join(all(count_with_yields(5)), all(count(5)));
        EXPECT_EQ(a, b);
    });
}

TEST_P(streams, items_that_only_move_and_items_by_reference) {
    run([]() -> task<> {
        auto pointers = []() -> stream<std::unique_ptr<int>> {
            auto first = std::make_unique<int>(1);
            co_yield std::move(first);
        }();
        const auto one = co_await pointers.next();
        EXPECT_TRUE(one && **one == 1);
        int value = 5;
        auto refer = [](int& v) -> stream<int&> { co_yield v; };
        auto references = refer(value);
        const auto same = co_await references.next();
        EXPECT_TRUE(same && &same->get() == &value);
        auto copies = []() -> stream<std::string> {
            const std::string kept = "a text that is too long for its object";
            co_yield kept;
            co_yield kept;
        }();
        const auto a = co_await copies.next();
        const auto b = co_await copies.next();
        EXPECT_TRUE(a && b && *a == *b);
    });
}

TEST_P(streams, an_exception_comes_once_and_ends_it) {
    run([]() -> task<> {
        auto fails = []() -> stream<int> {
            co_yield 1;
            co_await edo::yield_now();
            throw std::runtime_error("generator");
        }();
        const auto first = co_await fails.next();
        EXPECT_EQ(first, 1);
        try {
            co_await fails.next();
            ADD_FAILURE() << "nothing was thrown";
        } catch (const std::runtime_error& e) { EXPECT_STREQ(e.what(), "generator"); }
        const auto end = co_await fails.next();
        EXPECT_FALSE(end.has_value());
    });
}

TEST_P(streams, recursive_ones) {
    run([]() -> task<> {
        struct tree {
            static stream<int> walk(int depth) {
                if (depth == 0) { co_return; }
                auto left = walk(depth - 1);
                for (;;) {
                    auto next = co_await left.next();
                    if (!next) { break; }
                    co_yield *next;
                }
                if (depth % 7 == 0) { co_await edo::yield_now(); }
                co_yield depth;
            }
        };
        const auto items = co_await all(tree::walk(100));
        EXPECT_EQ(items.size(), 100U);
        EXPECT_EQ(items.front(), 1);
    });
}

TEST_P(streams, a_next_that_is_dropped_loses_no_item) {
    run([]() -> task<> {
        notify gate;
        auto gated = [](notify& g) -> stream<int> {
            for (int i = 0;; ++i) {
                co_await g.notified();
                co_yield i;
            }
        };
        auto items = gated(gate);
        for (int i = 0; i < 10; ++i) {
            auto first = co_await edo::select_biased(items.next(), edo::yield_now());
            EXPECT_EQ(first.index(), 1U) << "it waits for the gate";
            if (i % 2 == 0) { co_await edo::yield_now(); }
            gate.notify_one();
            if (i % 3 == 0) { co_await edo::yield_now(); }  // it goes on meanwhile
            const auto next = co_await items.next();
            EXPECT_EQ(next, i);
        }
    });
}

TEST_P(streams, go_from_task_to_task_between_items) {
    run([]() -> task<> {
        auto items = count_with_yields(2);
        const auto first = co_await items.next();
        EXPECT_EQ(first, 0);
        auto other = edo::spawn(edo::unchecked(all(std::move(items))));
        const auto rest = co_await std::move(other);
        EXPECT_EQ(rest, std::vector{1});
    });
}

TEST_P(streams, one_that_is_under_way_belongs_to_its_task) {
    run([]() -> task<> {
        struct dies {
            ~dies() { *gone = true; }
            bool* gone;
        };
        bool gone = false;
        auto sleeps = [](bool& g) -> stream<int> {
            const dies local{&g};
            co_await edo::sleep_for(24h);
            co_yield 1;
        };
        auto kept = std::make_shared<stream<int>>(sleeps(gone));
        auto half_way = edo::spawn(edo::unchecked([kept]() -> task<> {
            auto won = co_await edo::select_biased(kept->next(), edo::yield_now());
            EXPECT_EQ(won.index(), 1U);
            co_await edo::yield_now();
        }));
        co_await half_way;
        EXPECT_TRUE(gone) << "the task has ended, and so has what was under way in it";
        const auto end = co_await kept->next();
        EXPECT_FALSE(end.has_value());
    });
}

TEST_P(streams, another_task_cannot_go_on_with_one_that_is_under_way) {
    run([]() -> task<> {
        notify gate;
        auto gated = [](notify& g) -> stream<int> {
            co_await g.notified();
            co_yield 1;
        };
        auto items = gated(gate);
        auto won = co_await edo::select_biased(items.next(), edo::yield_now());
        EXPECT_EQ(won.index(), 1U);
        auto other = edo::spawn(edo::unchecked([&]() -> task<> { co_await items.next(); }));
        auto refused = co_await other.join();
        EXPECT_FALSE(refused.has_value());
        gate.notify_one();
        const auto next = co_await items.next();
        EXPECT_EQ(next, 1);
    });
}

TEST_P(streams, destroyed_while_under_way) {
    run([]() -> task<> {
        notify gate;
        {
            auto gated = [](notify& g) -> stream<int> {
                co_await g.notified();
                co_yield 1;
            };
            auto items = gated(gate);
            auto won = co_await edo::select_biased(items.next(), edo::yield_now());
            EXPECT_EQ(won.index(), 1U);
        }
        gate.notify_waiters();
        co_await edo::yield_now();
    });
}

TEST_P(streams, an_abort_of_the_task_that_asks) {
    auto alive = std::make_shared<std::atomic<int>>(0);
    auto asks = rt().spawn(
        [](std::shared_ptr<std::atomic<int>> count_of) -> task<> {
            auto forever = [](std::shared_ptr<std::atomic<int>> c) -> stream<int> {
                ++*c;
                const std::shared_ptr<void> down(nullptr, [c](void*) { --*c; });
                co_await edo::sleep_for(24h);
                co_yield 1;
            };
            auto items = forever(count_of);
            co_await items.next();
        },
        alive);
    auto body = [&]() -> task<> {
        while (*alive != 1) { co_await edo::yield_now(); }
        asks.abort();
        auto ended = co_await asks.join();
        EXPECT_TRUE(!ended && ended.error().is_cancelled());
    };
    rt().block_on(body());
    EXPECT_EQ(*alive, 0);
}

TEST_P(streams, dropped_with_an_open_scope_it_ends) {
    run([]() -> task<> {
        std::atomic<int> alive = 0;
        auto opens = [](std::atomic<int>& a) -> stream<int> {
            co_await edo::scope([&](edo::task_scope& s) -> task<> {
                s.spawn([&]() -> task<> {
                    ++a;
                    const std::shared_ptr<void> down(nullptr, [&](void*) { --a; });
                    co_await edo::sleep_for(24h);
                });
                co_return;
            });
            co_yield 1;
        };
        auto items = opens(alive);
        auto begun = [](std::atomic<int>& a) -> task<> {
            while (a != 1) { co_await edo::yield_now(); }
        };
        auto won = co_await edo::select(items.next(), begun(alive));
        EXPECT_EQ(won.index(), 1U);
        EXPECT_EQ(alive, 0) << "its child was joined";
        const auto end = co_await items.next();
        EXPECT_FALSE(end.has_value());
    });
}

TEST_P(streams, close_waits_for_what_cannot_be_dropped) {
    run([]() -> task<> {
        std::atomic<int> alive = 0;
        notify gate;
        auto opens = [](std::atomic<int>& a, notify& g) -> stream<int> {
            co_await g.notified();
            co_await edo::scope([&](edo::task_scope& s) -> task<> {
                s.spawn([&]() -> task<> {
                    ++a;
                    const std::shared_ptr<void> down(nullptr, [&](void*) { --a; });
                    co_await edo::sleep_for(24h);
                });
                co_return;
            });
            co_yield 1;
        };
        auto items = opens(alive, gate);
        auto won = co_await edo::select_biased(items.next(), edo::yield_now());
        EXPECT_EQ(won.index(), 1U);
        gate.notify_one();
        while (alive != 1) { co_await edo::yield_now(); }
        co_await items.close();
        EXPECT_EQ(alive, 0);
        const auto end = co_await items.next();
        EXPECT_FALSE(end.has_value());
        co_await items.close();
    });
}

TEST_P(streams, close_at_any_time) {
    run([]() -> task<> {
        auto never_asked = count(2);
        co_await never_asked.close();
        const auto none = co_await never_asked.next();
        EXPECT_FALSE(none.has_value());
        auto asked = count(2);
        co_await asked.next();
        co_await asked.close();
        const auto end = co_await asked.next();
        EXPECT_FALSE(end.has_value());
    });
}

}  // namespace
