// After tokio/tests/sync_mutex.rs and sync_mutex_owned.rs.
#include <edo/edo.hpp>
#include <edo/sync/mutex.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "support/poll.hpp"
#include "support/runtime_fixture.hpp"

namespace {

namespace test = edo::test;
using edo::sync::mutex;
using namespace std::chrono_literals;

/// lock() and try_lock(), or lock_owned() and try_lock_owned().
struct borrowed {
    static auto lock(const std::shared_ptr<mutex<int>>& m) { return m->lock(); }
    static auto try_lock(const std::shared_ptr<mutex<int>>& m) { return m->try_lock(); }
};
struct owned {
    static auto lock(const std::shared_ptr<mutex<int>>& m) { return mutex<int>::lock_owned(m); }
    static auto try_lock(const std::shared_ptr<mutex<int>>& m) {
        return mutex<int>::try_lock_owned(m);
    }
};

template <class Form>
class mutex_forms : public testing::Test {};
using forms = testing::Types<borrowed, owned>;
TYPED_TEST_SUITE(mutex_forms, forms);

TYPED_TEST(mutex_forms, straight_execution) {
    auto m = std::make_shared<mutex<int>>(100);
    for (int expected : {100, 99, 98}) {
        auto waiting = test::by_hand(TypeParam::lock(m));
        ASSERT_TRUE(waiting.poll());
        auto g = waiting.take();
        EXPECT_EQ(*g, expected);
        --*g;
    }
}

TYPED_TEST(mutex_forms, readiness) {
    auto m = std::make_shared<mutex<int>>(100);
    auto first = test::by_hand(TypeParam::lock(m));
    ASSERT_TRUE(first.poll());
    auto g = first.take();
    auto second = test::by_hand(TypeParam::lock(m));
    EXPECT_FALSE(second.poll());
    EXPECT_FALSE(second.is_woken());
    g.unlock();
    EXPECT_EQ(second.wakes(), 1);
    EXPECT_TRUE(second.poll());
    auto h = second.take();
    EXPECT_FALSE(TypeParam::try_lock(m).has_value());
}

TYPED_TEST(mutex_forms, aborted_future_1) {
    // A task that holds the lock is given up by a timeout.
    auto rt = edo::runtime::current_thread().start_paused(true).build();
    rt.block_on([]() -> edo::task<> {
        auto m = std::make_shared<mutex<int>>(100);
        auto holder = [](std::shared_ptr<mutex<int>> m2) -> edo::task<> {
            auto g = co_await TypeParam::lock(m2);
            co_await edo::sleep_for(10s);
        };
        auto result = co_await edo::timeout(1ms, holder(m));
        EXPECT_FALSE(result.has_value());
        auto again = co_await edo::timeout(1ms, TypeParam::lock(m));
        EXPECT_TRUE(again.has_value());
    }());
}

TYPED_TEST(mutex_forms, aborted_future_2) {
    // A waiter is given up by a timeout.
    auto rt = edo::runtime::current_thread().start_paused(true).build();
    rt.block_on([]() -> edo::task<> {
        auto m = std::make_shared<mutex<int>>(100);
        {
            auto g = co_await TypeParam::lock(m);
            auto late = co_await edo::timeout(1ms, TypeParam::lock(m));
            EXPECT_FALSE(late.has_value());
        }
        auto again = co_await edo::timeout(1ms, TypeParam::lock(m));
        EXPECT_TRUE(again.has_value());
    }());
}

TYPED_TEST(mutex_forms, try_lock) {
    auto m = std::make_shared<mutex<int>>(100);
    {
        auto first = TypeParam::try_lock(m);
        ASSERT_TRUE(first.has_value());
        EXPECT_FALSE(TypeParam::try_lock(m).has_value());
        **first = 7;
    }
    EXPECT_EQ(**TypeParam::try_lock(m), 7);
}

TYPED_TEST(mutex_forms, a_lock_that_was_given_and_dropped_goes_to_the_next) {
    auto m = std::make_shared<mutex<int>>(0);
    auto g = TypeParam::try_lock(m);
    auto first = test::by_hand(TypeParam::lock(m));
    auto second = test::by_hand(TypeParam::lock(m));
    EXPECT_FALSE(first.poll());
    EXPECT_FALSE(second.poll());
    g.reset();
    EXPECT_TRUE(first.is_woken());
    EXPECT_FALSE(second.is_woken());
    first.drop();
    EXPECT_TRUE(second.is_woken());
    second.drop();
    EXPECT_TRUE(TypeParam::try_lock(m).has_value());
}

TYPED_TEST(mutex_forms, a_lock_that_was_ready_but_not_taken_is_released) {
    auto m = std::make_shared<mutex<int>>(0);
    {
        auto leaf = TypeParam::lock(m);
        EXPECT_TRUE(leaf.ready());
        auto moved = std::move(leaf);
        EXPECT_FALSE(TypeParam::try_lock(m).has_value());
    }
    EXPECT_TRUE(TypeParam::try_lock(m).has_value());
}

TEST(mutex, of_void_by_deduction) {
    mutex m;
    static_assert(std::is_same_v<decltype(m), mutex<void>>);
    mutex n(std::string("text"));
    static_assert(std::is_same_v<decltype(n), mutex<std::string>>);
    auto g = m.try_lock();
    EXPECT_TRUE(g.has_value());
    EXPECT_TRUE(g->owns_lock());
    EXPECT_EQ((*n.try_lock())->size(), 4U);
    EXPECT_EQ(n.get_unsynchronised(), "text");
}

TEST(mutex, a_waiter_that_is_dropped_leaves_the_others_in_order) {
    mutex m;
    auto g = m.try_lock();
    auto first = test::by_hand(m.lock());
    auto second = test::by_hand(m.lock());
    auto third = test::by_hand(m.lock());
    EXPECT_FALSE(first.poll());
    EXPECT_FALSE(second.poll());
    EXPECT_FALSE(third.poll());
    second.drop();
    g.reset();
    EXPECT_TRUE(first.is_woken());
    first.take().unlock();
    EXPECT_TRUE(third.is_woken());
    EXPECT_FALSE(second.is_woken());
    third.take().unlock();
    EXPECT_TRUE(m.try_lock().has_value());
}

TEST(mutex, nobody_overtakes_a_waiter) {
    mutex m;
    auto g = m.try_lock();
    auto waiting = test::by_hand(m.lock());
    EXPECT_FALSE(waiting.poll());
    g.reset();
    EXPECT_FALSE(m.try_lock().has_value());
    auto late = test::by_hand(m.lock());
    EXPECT_FALSE(late.poll());
    waiting.take().unlock();
    EXPECT_TRUE(late.is_woken());
}

TEST(mutex, guards_move) {
    mutex m(1);
    mutex n(2);
    auto a = *m.try_lock();
    auto b = *n.try_lock();
    a = std::move(b);
    EXPECT_EQ(*a, 2);
    EXPECT_TRUE(m.try_lock().has_value());
    EXPECT_FALSE(n.try_lock().has_value());
    a.unlock();
    a.unlock();
    EXPECT_FALSE(a.owns_lock());
    EXPECT_TRUE(n.try_lock().has_value());
}

TEST(mutex, an_owned_guard_keeps_the_mutex) {
    auto m = std::make_shared<mutex<int>>(1);
    std::weak_ptr<mutex<int>> weak = m;
    auto g = mutex<int>::try_lock_owned(std::move(m));
    EXPECT_FALSE(weak.expired());
    EXPECT_EQ(**g, 1);
    g.reset();
    EXPECT_TRUE(weak.expired());
}

TEST(mutex, order_is_kept_without_budget) {
    // Tokio issue 8365: a task whose budget is spent must not lose its turn.
    auto rt = edo::runtime::current_thread().build();
    rt.block_on([]() -> edo::task<> {
        struct shared_state {
            mutex<std::vector<int>> order;
            mutex<> busy;
        };
        auto state = std::make_shared<shared_state>();
        auto g = co_await state->order.lock();
        std::vector<edo::join_handle<void>> handles;
        for (int i = 0; i < 4; ++i) {
            handles.push_back(edo::spawn(
                [](std::shared_ptr<shared_state> s, int me) -> edo::task<> {
                    if (me == 0) {
                        while (edo::has_budget_remaining()) {
                            const auto briefly = co_await s->busy.lock();
                        }
                    }
                    auto list = co_await s->order.lock();
                    list->push_back(me);
                },
                state, i));
        }
        co_await edo::yield_now();
        g.unlock();
        for (auto& handle : handles) { co_await handle; }
        auto list = co_await state->order.lock();
        const std::vector<int> expected{0, 1, 2, 3};
        EXPECT_EQ(*list, expected);
    }());
}

TEST(mutex, an_endless_loop_of_locks_yields) {
    auto rt = edo::runtime::current_thread().build();
    rt.block_on([]() -> edo::task<> {
        auto stop = std::make_shared<bool>(false);
        auto handle = edo::spawn(
            [](std::shared_ptr<bool> flag) -> edo::task<> {
                *flag = true;
                co_return;
            },
            stop);
        mutex m;
        while (!*stop) { auto g = co_await m.lock(); }
        co_await handle;
    }());
}

TEST(mutex, excludes_on_every_runtime) {
    for (unsigned workers : {0U, 1U, 2U, 4U}) {
        auto rt = test::builder_of({"", workers}).build();
        rt.block_on([]() -> edo::task<> {
            auto m = std::make_shared<mutex<int>>(0);
            std::vector<edo::join_handle<void>> handles;
            for (int i = 0; i < 8; ++i) {
                handles.push_back(edo::spawn(
                    [](std::shared_ptr<mutex<int>> shared) -> edo::task<> {
                        for (int n = 0; n < 200; ++n) {
                            auto g = co_await shared->lock();
                            const int before = *g;
                            if (n % 16 == 0) { co_await edo::yield_now(); }
                            *g = before + 1;
                        }
                    },
                    m));
            }
            for (auto& handle : handles) { co_await handle; }
            auto g = co_await m->lock();
            EXPECT_EQ(*g, 1600);
        }());
    }
}

TEST(mutex, it_may_die_with_the_last_lock) {
    for (int i = 0; i < 500; ++i) {
        auto m = std::make_unique<mutex<int>>(0);
        auto g = std::make_unique<mutex<int>::guard>(*m->try_lock());
        auto waiting = test::by_hand(m->lock());
        ASSERT_FALSE(waiting.poll());
        std::thread unlocker([&g] { g.reset(); });
        waiting.wait_woken();
        waiting.take().unlock();
        m.reset();
        unlocker.join();
    }
}

TEST(mutex, blocking_lock) {
    mutex m(0);
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&m] {
            for (int n = 0; n < 1000; ++n) { ++*m.blocking_lock(); }
        });
    }
    for (auto& thread : threads) { thread.join(); }
    EXPECT_EQ(*m.blocking_lock(), 4000);
}

TEST(mutex, mutex_blocking_lock_panic_caller) {
    auto rt = edo::runtime::current_thread().build();
    rt.block_on([]() -> edo::task<> {
        mutex m;
        EXPECT_THROW(static_cast<void>(m.blocking_lock()), std::logic_error);
        EXPECT_TRUE(m.try_lock().has_value());
        co_return;
    }());
}

TEST(mutex, an_exception_releases_the_lock) {
    auto rt = edo::runtime::current_thread().build();
    mutex m;
    auto fail = [](mutex<>& busy) -> edo::task<> {
        auto g = co_await busy.lock();
        throw std::runtime_error("in the critical section");
    };
    EXPECT_THROW(rt.block_on(fail(m)), std::runtime_error);
    EXPECT_TRUE(m.try_lock().has_value());
}

static_assert(!edo::owning<mutex<int>::guard>);
static_assert(edo::sendable<mutex<int>::guard>);
static_assert(edo::owning<mutex<int>::owned_guard>);
static_assert(!edo::owning<mutex<std::string_view>::owned_guard>);
static_assert(!std::is_copy_constructible_v<mutex<>::guard>);

}  // namespace
