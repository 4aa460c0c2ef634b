// After tokio/tests/sync_set_once.rs.
#include <edo/edo.hpp>
#include <edo/sync/once_cell.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/paused_fixture.hpp"
#include "support/poll.hpp"
#include "support/runtime_fixture.hpp"

namespace {

namespace test = edo::test;
using edo::sync::set_once;

TEST(set_once, drop_cell) {
    std::atomic<int> alive{0};
    {
        set_once<test::counted> once;
        EXPECT_EQ(alive, 0);
        EXPECT_TRUE(once.set(test::counted(alive)).has_value());
        EXPECT_EQ(alive, 1);
    }
    EXPECT_EQ(alive, 0);
}

TEST(set_once, drop_into_inner) {
    std::atomic<int> alive{0};
    {
        set_once<test::counted> once;
        EXPECT_TRUE(once.set(test::counted(alive)).has_value());
        auto taken = once.take();
        EXPECT_TRUE(taken.has_value());
        EXPECT_FALSE(once.is_initialized());
        EXPECT_EQ(alive, 1);
        taken.reset();
        EXPECT_EQ(alive, 0);
        EXPECT_TRUE(once.set(test::counted(alive)).has_value());
        EXPECT_EQ(alive, 1);
    }
    EXPECT_EQ(alive, 0);
}

TEST(set_once, into_inner_int_empty_setonce) {
    set_once<int> once;
    EXPECT_FALSE(once.take().has_value());
}

TEST(set_once, set_and_get) {
    set_once<int> once;
    EXPECT_TRUE(once.set(5).has_value());
    ASSERT_NE(once.get(), nullptr);
    EXPECT_EQ(*once.get(), 5);
    EXPECT_EQ(once.get(), once.get());
    EXPECT_TRUE(once.is_initialized());
}

TEST(set_once, get_uninit) {
    const set_once<int> once;
    EXPECT_EQ(once.get(), nullptr);
    EXPECT_FALSE(once.is_initialized());
}

TEST(set_once, set_twice) {
    set_once<std::unique_ptr<int>> once;
    EXPECT_TRUE(once.set(std::make_unique<int>(1)).has_value());
    const auto second = once.set(std::make_unique<int>(2));
    ASSERT_FALSE(second.has_value());
    EXPECT_EQ(*second.error(), 2);
    EXPECT_EQ(**once.get(), 1);
}

TEST(set_once, may_be_set_again_after_take) {
    set_once<std::string> once;
    EXPECT_TRUE(once.set("first").has_value());
    EXPECT_EQ(once.take(), "first");
    auto waiting = test::by_hand(once.wait());
    EXPECT_FALSE(waiting.poll());
    EXPECT_TRUE(once.set("second").has_value());
    EXPECT_TRUE(waiting.is_woken());
    EXPECT_EQ(waiting.take(), "second");
}

class throws_when_moved {
public:
    throws_when_moved() = default;
    explicit throws_when_moved(bool throws) : throws_(throws) {}
    throws_when_moved(throws_when_moved&& other) : throws_(other.throws_) {
        if (throws_) { throw std::runtime_error("cannot be moved"); }
    }
    throws_when_moved& operator=(throws_when_moved&&) = delete;
    ~throws_when_moved() = default;

private:
    bool throws_ = false;
};

TEST(set_once, a_value_that_cannot_be_moved_in_sets_nothing) {
    set_once<throws_when_moved> once;
    auto waiting = test::by_hand(edo::detail::get_awaiter(once.wait()));
    EXPECT_FALSE(waiting.poll());
    EXPECT_THROW(static_cast<void>(once.set(throws_when_moved(true))), std::runtime_error);
    EXPECT_FALSE(once.is_initialized());
    EXPECT_FALSE(waiting.is_woken());
    EXPECT_TRUE(once.set(throws_when_moved()).has_value());
    EXPECT_TRUE(waiting.is_woken());
}

TEST(set_once, set_and_wait) {
    set_once<int> once;
    auto waiting = test::by_hand(once.wait());
    EXPECT_FALSE(waiting.poll());
    EXPECT_FALSE(waiting.is_woken());
    EXPECT_TRUE(once.set(5).has_value());
    EXPECT_EQ(waiting.wakes(), 1);
    EXPECT_TRUE(waiting.poll());
    EXPECT_EQ(waiting.take(), 5);
    EXPECT_FALSE(once.set(6).has_value());
    auto late = test::by_hand(once.wait());
    EXPECT_TRUE(late.poll());
    EXPECT_EQ(late.take(), 5);
}

TEST(set_once, wait_refers_to_the_value) {
    set_once<std::string> once;
    EXPECT_TRUE(once.set("text").has_value());
    auto leaf = once.wait();
    static_assert(std::is_same_v<decltype(leaf.await_resume()), const std::string&>);
    ASSERT_TRUE(leaf.ready());
    EXPECT_EQ(&leaf.await_resume(), once.get());
}

TEST(set_once, wakes_more_than_a_batch) {
    set_once<int> once;
    auto waiting = test::line_of(100, [&] { return once.wait(); });
    EXPECT_TRUE(once.set(3).has_value());
    for (auto& w : waiting) {
        EXPECT_EQ(w.wakes(), 1);
        EXPECT_EQ(w.take(), 3);
    }
}

TEST(set_once, a_waiter_that_is_dropped_changes_nothing) {
    set_once<int> once;
    auto first = test::by_hand(once.wait());
    auto second = test::by_hand(once.wait());
    auto third = test::by_hand(once.wait());
    EXPECT_FALSE(first.poll());
    EXPECT_FALSE(second.poll());
    EXPECT_FALSE(third.poll());
    second.drop();
    EXPECT_TRUE(once.set(5).has_value());
    EXPECT_TRUE(first.is_woken());
    EXPECT_FALSE(second.is_woken());
    EXPECT_TRUE(third.is_woken());
    first.drop();
    EXPECT_EQ(third.take(), 5);
    EXPECT_EQ(*once.get(), 5);
}

TEST(set_once, one_that_was_woken_and_disarmed_is_ready) {
    set_once<int> once;
    auto first = test::by_hand(once.wait());
    EXPECT_FALSE(first.poll());
    EXPECT_TRUE(once.set(5).has_value());
    first.leaf().disarm();
    auto again = test::by_hand(std::move(first.leaf()));
    EXPECT_TRUE(again.poll());
    EXPECT_EQ(again.take(), 5);
}

TEST(set_once, set_and_wait_threads) {
    set_once<std::vector<int>> once;
    const std::vector<int> value{1, 2, 3};
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&] {
            const auto& got = once.blocking_wait();
            EXPECT_EQ(got, value);
            EXPECT_EQ(&got, once.get());
        });
    }
    EXPECT_TRUE(once.set(value).has_value());
    for (auto& thread : threads) { thread.join(); }
    EXPECT_EQ(once.blocking_wait(), value);
}

TEST(set_once, set_and_wait_multiple_threads) {
    for (int i = 0; i < 200; ++i) {
        set_once<int> once;
        auto waiting = test::by_hand(once.wait());
        ASSERT_FALSE(waiting.poll());
        std::atomic<int> failed{0};
        std::atomic<int> loser{0};
        std::vector<std::thread> threads;
        for (int value : {1, 2}) {
            threads.emplace_back([&, value] {
                if (const auto result = once.set(value); !result) {
                    ++failed;
                    loser = result.error();
                }
            });
        }
        for (auto& thread : threads) { thread.join(); }
        EXPECT_EQ(failed, 1);
        EXPECT_EQ(*once.get() + loser, 3);
        EXPECT_EQ(waiting.wakes(), 1);
        EXPECT_EQ(waiting.take(), *once.get());
    }
}

class set_once_paused : public test::paused_test {};

TEST_F(set_once_paused, a_leaf_that_timed_out_is_awaited_again) {
    run([]() -> edo::task<> {
        set_once<int> once;
        auto leaf = once.wait();
        bool ready = co_await test::poll_once(leaf);
        EXPECT_FALSE(ready);
        ready = co_await test::poll_once(leaf);
        EXPECT_FALSE(ready);
        EXPECT_TRUE(once.set(4).has_value());
        const int& value = co_await leaf;
        EXPECT_EQ(&value, once.get());
    }());
}

class set_once_test : public test::runtime_test {};
INSTANTIATE_TEST_SUITE_P(kinds, set_once_test, test::all_kinds, test::kind_name);

TEST_P(set_once_test, every_task_sees_the_value_of_the_one_that_won) {
    rt().block_on([]() -> edo::task<> {
        auto once = std::make_shared<set_once<int>>();
        std::vector<edo::join_handle<int>> readers;
        std::vector<edo::join_handle<bool>> writers;
        for (int i = 0; i < 20; ++i) {
            readers.push_back(edo::spawn(
                [](std::shared_ptr<set_once<int>> s) -> edo::task<int> {
                    const int& value = co_await s->wait();
                    co_return value;
                },
                once));
            writers.push_back(edo::spawn(
                [](std::shared_ptr<set_once<int>> s, int value) -> edo::task<bool> {
                    co_return s->set(value).has_value();
                },
                once, i));
        }
        int winners = 0;
        for (auto& handle : writers) {
            const bool won = co_await handle;
            winners += won ? 1 : 0;
        }
        EXPECT_EQ(winners, 1);
        for (auto& handle : readers) {
            const int seen = co_await handle;
            EXPECT_EQ(seen, *once->get());
        }
    }());
}

TEST_P(set_once_test, blocking_wait_inside_a_task_is_refused) {
    rt().block_on([]() -> edo::task<> {
        set_once<int> once;
        EXPECT_TRUE(once.set(1).has_value());
        EXPECT_THROW(static_cast<void>(once.blocking_wait()), std::logic_error);
        co_return;
    }());
}

static_assert(edo::owning<set_once<int>>);
static_assert(!edo::owning<set_once<std::string_view>>);
static_assert(edo::sendable<set_once<int>>);
static_assert(!edo::owning<decltype(std::declval<set_once<int>&>().wait())>);

}  // namespace
