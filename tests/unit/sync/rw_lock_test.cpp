// After tokio/tests/sync_rwlock.rs.
#include <edo/edo.hpp>
#include <edo/sync/rw_lock.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/lock_forms.hpp"
#include "support/paused_fixture.hpp"
#include "support/poll.hpp"
#include "support/runtime_fixture.hpp"

namespace {

namespace test = edo::test;
using edo::sync::rw_lock;

using lock = test::rw_lock_of_int;
using pointer = std::shared_ptr<lock>;
pointer make(int value = 100, std::size_t readers = lock::max_readers) {
    return std::make_shared<lock>(value, readers);
}

template <class Form>
class rw_lock_forms : public testing::Test {};
TYPED_TEST_SUITE(rw_lock_forms, test::rw_lock_forms);

TYPED_TEST(rw_lock_forms, read_uncontested) {
    const auto l = make(100);
    auto waiting = test::by_hand(TypeParam::read(l));
    ASSERT_TRUE(waiting.poll());
    const auto g = waiting.take();
    EXPECT_EQ(*g, 100);
    static_assert(std::is_same_v<decltype(*g), const int&>);
}

TYPED_TEST(rw_lock_forms, write_uncontested) {
    const auto l = make(100);
    {
        auto waiting = test::by_hand(TypeParam::write(l));
        ASSERT_TRUE(waiting.poll());
        const auto g = waiting.take();
        *g += 50;
    }
    EXPECT_EQ(**TypeParam::try_read(l), 150);
}

TYPED_TEST(rw_lock_forms, read_shared) {
    const auto l = make(100);
    const auto held = TypeParam::try_read(l);
    auto second = test::by_hand(TypeParam::read(l));
    EXPECT_TRUE(second.poll());
    EXPECT_EQ(*second.take(), 100);
}

TYPED_TEST(rw_lock_forms, write_shared_pending) {
    const auto l = make();
    const auto reader = TypeParam::try_read(l);
    auto writer = test::by_hand(TypeParam::write(l));
    EXPECT_FALSE(writer.poll());
    EXPECT_FALSE(writer.is_woken());
}

TYPED_TEST(rw_lock_forms, read_exclusive_pending) {
    const auto l = make();
    const auto writer = TypeParam::try_write(l);
    auto reader = test::by_hand(TypeParam::read(l));
    EXPECT_FALSE(reader.poll());
}

TYPED_TEST(rw_lock_forms, write_exclusive_pending) {
    const auto l = make();
    const auto writer = TypeParam::try_write(l);
    auto second = test::by_hand(TypeParam::write(l));
    EXPECT_FALSE(second.poll());
}

TYPED_TEST(rw_lock_forms, the_number_of_readers_may_be_limited) {
    const auto l = make(100, 2);
    auto first = TypeParam::try_read(l);
    const auto second = TypeParam::try_read(l);
    EXPECT_TRUE(second.has_value());
    EXPECT_FALSE(TypeParam::try_read(l).has_value());
    auto third = test::by_hand(TypeParam::read(l));
    EXPECT_FALSE(third.poll());
    first.reset();
    EXPECT_TRUE(third.is_woken());
    EXPECT_FALSE(TypeParam::try_write(l).has_value());
}

TYPED_TEST(rw_lock_forms, one_reader_at_a_time) {
    const auto l = make(100, 1);
    auto writer = TypeParam::try_write(l);
    auto reader = std::move(*writer).downgrade();
    EXPECT_FALSE(TypeParam::try_read(l).has_value());
    reader.unlock();
    EXPECT_TRUE(TypeParam::try_write(l).has_value());
}

TYPED_TEST(rw_lock_forms, write_shared_drop) {
    const auto l = make();
    auto first = TypeParam::try_read(l);
    auto second = TypeParam::try_read(l);
    auto writer = test::by_hand(TypeParam::write(l));
    EXPECT_FALSE(writer.poll());
    first.reset();
    EXPECT_FALSE(writer.is_woken());
    second.reset();
    EXPECT_EQ(writer.wakes(), 1);
    EXPECT_TRUE(writer.poll());
}

TYPED_TEST(rw_lock_forms, write_read_shared_pending) {
    const auto l = make();
    auto first = TypeParam::try_read(l);
    const auto second = TypeParam::try_read(l);
    auto writer = test::by_hand(TypeParam::write(l));
    EXPECT_FALSE(writer.poll());
    auto late = test::by_hand(TypeParam::read(l));
    EXPECT_FALSE(late.poll());
    EXPECT_FALSE(TypeParam::try_read(l).has_value());
    first.reset();
    EXPECT_FALSE(late.is_woken());
}

TYPED_TEST(rw_lock_forms, write_read_shared_drop_pending) {
    const auto l = make();
    const auto held = TypeParam::try_read(l);
    auto writer = test::by_hand(TypeParam::write(l));
    EXPECT_FALSE(writer.poll());
    auto first = test::by_hand(TypeParam::read(l));
    auto second = test::by_hand(TypeParam::read(l));
    EXPECT_FALSE(first.poll());
    EXPECT_FALSE(second.poll());
    writer.drop();
    EXPECT_TRUE(first.is_woken());
    EXPECT_TRUE(second.is_woken());
    EXPECT_TRUE(first.poll());
    EXPECT_FALSE(TypeParam::try_write(l).has_value());
}

TYPED_TEST(rw_lock_forms, write_order) {
    const auto l = make();
    auto held = TypeParam::try_write(l);
    auto made_first = test::by_hand(TypeParam::write(l));
    auto made_second = test::by_hand(TypeParam::write(l));
    EXPECT_FALSE(made_second.poll());
    EXPECT_FALSE(made_first.poll());
    held.reset();
    EXPECT_TRUE(made_second.is_woken());
    EXPECT_FALSE(made_first.is_woken());
    made_second.take().unlock();
    EXPECT_TRUE(made_first.is_woken());
}

TYPED_TEST(rw_lock_forms, try_write) {
    const auto l = make(0);
    {
        const auto writer = TypeParam::try_write(l);
        ASSERT_TRUE(writer.has_value());
        EXPECT_FALSE(TypeParam::try_write(l).has_value());
        **writer = 7;
    }
    EXPECT_EQ(**TypeParam::try_write(l), 7);
}

TYPED_TEST(rw_lock_forms, try_read_try_write) {
    const auto l = make(100);
    {
        const auto first = TypeParam::try_read(l);
        const auto second = TypeParam::try_read(l);
        EXPECT_TRUE(first.has_value());
        EXPECT_TRUE(second.has_value());
        EXPECT_FALSE(TypeParam::try_write(l).has_value());
    }
    {
        const auto writer = TypeParam::try_write(l);
        ASSERT_TRUE(writer.has_value());
        EXPECT_FALSE(TypeParam::try_read(l).has_value());
        **writer = 150;
    }
    EXPECT_EQ(**TypeParam::try_read(l), 150);
}

TYPED_TEST(rw_lock_forms, guards_move) {
    const auto l = make(1);
    const auto m = make(2);
    auto a = *TypeParam::try_write(l);
    auto b = *TypeParam::try_write(m);
    a = std::move(b);
    EXPECT_EQ(*a, 2);
    EXPECT_TRUE(TypeParam::try_write(l).has_value());
    EXPECT_FALSE(TypeParam::try_read(m).has_value());
    a.unlock();
    a.unlock();
    EXPECT_FALSE(a.owns_lock());
    EXPECT_TRUE(TypeParam::try_write(m).has_value());
}

TEST(rw_lock, into_inner) {
    rw_lock<std::string> l("text");
    EXPECT_EQ(std::move(l.get_unsynchronised()), "text");
    rw_lock<int> empty;
    EXPECT_EQ(**empty.try_read(), 0);
    EXPECT_EQ((*l.try_read())->size(), 4U);
}

TEST(rw_lock, zero_max_readers) { EXPECT_THROW(lock(100, 0), std::invalid_argument); }

TEST(rw_lock, more_readers_than_there_can_be_are_refused) {
    EXPECT_THROW(lock(100, lock::max_readers + 1), std::invalid_argument);
}

TEST(rw_lock, an_owned_guard_keeps_the_lock) {
    auto l = make(1);
    const std::weak_ptr<lock> weak = l;
    auto writer = lock::try_write_owned(std::move(l));
    auto reader = std::move(*writer).downgrade();
    writer.reset();
    EXPECT_FALSE(weak.expired());
    EXPECT_EQ(*reader, 1);
    reader.unlock();
    EXPECT_TRUE(weak.expired());
}

TEST(rw_lock, it_may_die_with_the_last_lock) {
    for (int i = 0; i < 500; ++i) {
        auto l = std::make_unique<lock>(0);
        auto held = std::make_unique<lock::write_guard>(*l->try_write());
        auto waiting = test::by_hand(l->read());
        ASSERT_FALSE(waiting.poll());
        std::thread unlocker([&held] { held.reset(); });
        waiting.wait_woken();
        waiting.take().unlock();
        l.reset();
        unlocker.join();
    }
}

TEST(rw_lock, an_exception_releases_the_lock) {
    auto rt = edo::runtime::current_thread().build();
    lock l(0);
    auto fail = [](lock& busy) -> edo::task<> {
        auto g = co_await busy.write();
        throw std::runtime_error("in the critical section");
    };
    EXPECT_THROW(rt.block_on(fail(l)), std::runtime_error);
    EXPECT_TRUE(l.try_write().has_value());
}

TEST(rw_lock, blocking_read_and_blocking_write) {
    struct pair {
        int a = 0;
        int b = 0;
    };
    rw_lock<pair> l;
    std::vector<std::thread> threads;
    for (int t = 0; t < 2; ++t) {
        threads.emplace_back([&l] {
            for (int i = 0; i < 1000; ++i) {
                const auto g = l.blocking_write();
                ++g->a;
                ++g->b;
            }
        });
        threads.emplace_back([&l] {
            for (int i = 0; i < 1000; ++i) {
                const auto g = l.blocking_read();
                EXPECT_EQ(g->a, g->b);
            }
        });
    }
    for (auto& thread : threads) { thread.join(); }
    EXPECT_EQ(l.blocking_read()->a, 2000);
    EXPECT_TRUE(l.try_write().has_value());
}

TEST(rw_lock, two_threads_read_at_once) {
    lock l;
    std::atomic<int> inside{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 2; ++t) {
        threads.emplace_back([&] {
            const auto g = l.blocking_read();
            ++inside;
            while (inside != 2) { std::this_thread::yield(); }
        });
    }
    for (auto& thread : threads) { thread.join(); }
    EXPECT_TRUE(l.try_write().has_value());
}

class rw_lock_paused : public test::paused_test {};

TEST_F(rw_lock_paused, a_leaf_that_timed_out_is_awaited_again) {
    run([]() -> edo::task<> {
        lock l;
        auto held = l.try_read();
        auto writer = l.write();
        bool ready = co_await test::poll_once(writer);
        EXPECT_FALSE(ready);
        auto second = l.try_read();
        EXPECT_TRUE(second.has_value());  // it has left the queue
        ready = co_await test::poll_once(writer);
        EXPECT_FALSE(ready);
        held.reset();
        second.reset();
        auto alone = co_await writer;
        EXPECT_TRUE(alone.owns_lock());
        auto reader = l.read();
        ready = co_await test::poll_once(reader);
        EXPECT_FALSE(ready);
        alone.unlock();
        auto shared = co_await reader;
        EXPECT_TRUE(shared.owns_lock());
        EXPECT_FALSE(l.try_write().has_value());
        shared.unlock();
        EXPECT_TRUE(l.try_write().has_value());
    }());
}

class rw_lock_test : public test::runtime_test {};
INSTANTIATE_TEST_SUITE_P(kinds, rw_lock_test, test::all_kinds, test::kind_name);

TEST_P(rw_lock_test, excludes) {
    rt().block_on([]() -> edo::task<> {
        auto l = make(0);
        std::vector<edo::join_handle<void>> handles;
        for (int i = 0; i < 4; ++i) {
            handles.push_back(edo::spawn(
                [](pointer shared) -> edo::task<> {
                    for (int n = 0; n < 200; ++n) {
                        auto g = co_await shared->write();
                        const int before = *g;
                        if (n % 16 == 0) { co_await edo::yield_now(); }
                        *g = before + 1;
                    }
                },
                l));
            handles.push_back(edo::spawn(
                [](pointer shared) -> edo::task<> {
                    for (int n = 0; n < 200; ++n) {
                        auto g = co_await lock::read_owned(shared);
                        const int before = *g;
                        if (n % 16 == 0) { co_await edo::yield_now(); }
                        EXPECT_EQ(*g, before);
                    }
                },
                l));
        }
        for (auto& handle : handles) { co_await handle; }
        auto g = co_await l->read();
        EXPECT_EQ(*g, 800);
    }());
}

TEST_P(rw_lock_test, an_endless_loop_of_locks_yields) {
    rt().block_on([]() -> edo::task<> {
        auto stop = std::make_shared<std::atomic<bool>>(false);
        auto handle = edo::spawn(
            [](std::shared_ptr<std::atomic<bool>> flag) -> edo::task<> {
                *flag = true;
                co_return;
            },
            stop);
        lock l;
        while (!*stop) {
            auto reader = co_await l.read();
            reader.unlock();
            auto writer = co_await l.write();
        }
        co_await handle;
    }());
}

TEST_P(rw_lock_test, blocking_calls_inside_a_task_are_refused) {
    rt().block_on([]() -> edo::task<> {
        lock l;
        EXPECT_THROW(static_cast<void>(l.blocking_read()), std::logic_error);
        EXPECT_THROW(static_cast<void>(l.blocking_write()), std::logic_error);
        EXPECT_TRUE(l.try_write().has_value());
        co_return;
    }());
}

static_assert(!edo::owning<lock::read_guard>);
static_assert(!edo::owning<lock::write_guard>);
static_assert(edo::owning<lock::owned_read_guard>);
static_assert(edo::owning<lock::owned_write_guard>);
static_assert(!edo::owning<rw_lock<std::string_view>::owned_read_guard>);
static_assert(edo::sendable<lock::read_guard>);
static_assert(!std::is_copy_constructible_v<lock::read_guard>);

}  // namespace
