// After tokio/tests/sync_semaphore.rs and sync_semaphore_owned.rs.
#include <edo/edo.hpp>
#include <edo/sync/notify.hpp>
#include <edo/sync/semaphore.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <stdexcept>
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
using edo::sync::semaphore;

using pointer = std::shared_ptr<semaphore>;
pointer make(std::size_t permits) { return std::make_shared<semaphore>(permits); }

template <class Form>
class semaphore_forms : public testing::Test {};
TYPED_TEST_SUITE(semaphore_forms, test::semaphore_forms);

TYPED_TEST(semaphore_forms, try_acquire) {
    const auto s = make(1);
    {
        const auto first = TypeParam::try_acquire(s);
        EXPECT_TRUE(first.has_value());
        EXPECT_EQ(s->available_permits(), 0U);
        EXPECT_FALSE(TypeParam::try_acquire(s).has_value());
    }
    EXPECT_EQ(s->available_permits(), 1U);
    EXPECT_TRUE(TypeParam::try_acquire(s).has_value());
}

TYPED_TEST(semaphore_forms, try_acquire_many) {
    const auto s = make(42);
    {
        const auto most = TypeParam::try_acquire(s, 41);
        ASSERT_TRUE(most.has_value());
        EXPECT_EQ(most->num_permits(), 41U);
        EXPECT_FALSE(TypeParam::try_acquire(s, 2).has_value());
        EXPECT_EQ(s->available_permits(), 1U);
        EXPECT_TRUE(TypeParam::try_acquire(s, 1).has_value());
    }
    EXPECT_TRUE(TypeParam::try_acquire(s, 42).has_value());
    EXPECT_FALSE(TypeParam::try_acquire(s, 43).has_value());
}

TYPED_TEST(semaphore_forms, acquire) {
    const auto s = make(1);
    auto held = TypeParam::try_acquire(s);
    auto waiting = test::by_hand(TypeParam::acquire(s));
    EXPECT_FALSE(waiting.poll());
    EXPECT_FALSE(waiting.is_woken());
    held.reset();
    EXPECT_EQ(waiting.wakes(), 1);
    EXPECT_EQ(s->available_permits(), 0U);
    const auto permit = waiting.take();
    ASSERT_TRUE(permit.has_value());
    EXPECT_EQ(permit->num_permits(), 1U);
}

TYPED_TEST(semaphore_forms, acquire_many) {
    const auto s = make(42);
    auto held = TypeParam::try_acquire(s, 32);
    auto fits = test::by_hand(TypeParam::acquire(s, 10));
    ASSERT_TRUE(fits.poll());
    auto ten = fits.take();
    auto waiting = test::by_hand(TypeParam::acquire(s, 12));
    EXPECT_FALSE(waiting.poll());
    ten->release();
    EXPECT_FALSE(waiting.is_woken());
    held.reset();
    EXPECT_TRUE(waiting.is_woken());
    const auto permit = waiting.take();
    ASSERT_TRUE(permit.has_value());
    EXPECT_EQ(permit->num_permits(), 12U);
    EXPECT_EQ(s->available_permits(), 30U);
}

TYPED_TEST(semaphore_forms, acquire_of_none_needs_none) {
    const auto s = make(0);
    auto waiting = test::by_hand(TypeParam::acquire(s, 0));
    ASSERT_TRUE(waiting.poll());
    EXPECT_EQ(waiting.take()->num_permits(), 0U);
    EXPECT_TRUE(TypeParam::try_acquire(s, 0).has_value());
    EXPECT_EQ(s->available_permits(), 0U);
}

TYPED_TEST(semaphore_forms, merge) {
    const auto s = make(3);
    {
        auto a = TypeParam::try_acquire(s);
        auto b = TypeParam::try_acquire(s, 2);
        a->merge(std::move(*b));
        EXPECT_EQ(a->num_permits(), 3U);
        EXPECT_EQ(b->num_permits(), 0U);
        b.reset();
        EXPECT_EQ(s->available_permits(), 0U);
    }
    EXPECT_EQ(s->available_permits(), 3U);
}

TYPED_TEST(semaphore_forms, merge_into_one_that_was_released) {
    const auto s = make(3);
    auto a = TypeParam::try_acquire(s);
    auto b = TypeParam::try_acquire(s, 2);
    a->release();
    a->merge(std::move(*b));
    EXPECT_EQ(a->num_permits(), 2U);
    a->merge(std::move(*b));
    EXPECT_EQ(a->num_permits(), 2U);
    EXPECT_EQ(s->available_permits(), 1U);
    a.reset();
    EXPECT_EQ(s->available_permits(), 3U);
}

TYPED_TEST(semaphore_forms, merge_unrelated_permits) {
    const auto s = make(3);
    const auto t = make(3);
    {
        auto a = TypeParam::try_acquire(s);
        auto b = TypeParam::try_acquire(t, 2);
        EXPECT_THROW(a->merge(std::move(*b)), std::invalid_argument);
        EXPECT_EQ(a->num_permits(), 1U);
        EXPECT_EQ(b->num_permits(), 2U);
    }
    EXPECT_EQ(s->available_permits(), 3U);
    EXPECT_EQ(t->available_permits(), 3U);
}

TYPED_TEST(semaphore_forms, split) {
    const auto s = make(5);
    auto all = TypeParam::try_acquire(s, 5);
    EXPECT_FALSE(all->split(6).has_value());
    EXPECT_EQ(all->num_permits(), 5U);
    {
        const auto two = all->split(2);
        ASSERT_TRUE(two.has_value());
        EXPECT_EQ(two->num_permits(), 2U);
        EXPECT_EQ(all->num_permits(), 3U);
    }
    EXPECT_EQ(s->available_permits(), 2U);
    {
        const auto none = all->split(0);
        ASSERT_TRUE(none.has_value());
        EXPECT_EQ(none->num_permits(), 0U);
        const auto rest = all->split(3);
        ASSERT_TRUE(rest.has_value());
        EXPECT_EQ(all->num_permits(), 0U);
        EXPECT_EQ(s->available_permits(), 2U);
    }
    EXPECT_EQ(s->available_permits(), 5U);
}

TYPED_TEST(semaphore_forms, forget) {
    const auto s = make(5);
    {
        auto permit = TypeParam::try_acquire(s, 2);
        permit->forget();
        EXPECT_EQ(permit->num_permits(), 0U);
        permit->release();
    }
    EXPECT_EQ(s->available_permits(), 3U);
}

TYPED_TEST(semaphore_forms, permits_move) {
    const auto s = make(3);
    auto a = TypeParam::try_acquire(s, 1);
    auto b = TypeParam::try_acquire(s, 2);
    *a = std::move(*b);
    EXPECT_EQ(s->available_permits(), 1U);
    EXPECT_EQ(a->num_permits(), 2U);
    typename TypeParam::permit c(std::move(*a));
    EXPECT_EQ(c.num_permits(), 2U);
    a.reset();
    b.reset();
    EXPECT_EQ(s->available_permits(), 1U);
    c.release();
    c.release();
    EXPECT_EQ(s->available_permits(), 3U);
}

TYPED_TEST(semaphore_forms, more_permits_than_there_can_be_are_refused) {
    const auto s = make(semaphore::max_permits);
    EXPECT_THROW(static_cast<void>(TypeParam::acquire(s, semaphore::max_permits + 1)),
                 std::invalid_argument);
    EXPECT_THROW(static_cast<void>(TypeParam::try_acquire(s, semaphore::max_permits + 1)),
                 std::invalid_argument);
    EXPECT_EQ(s->available_permits(), semaphore::max_permits);
    EXPECT_TRUE(TypeParam::try_acquire(s, semaphore::max_permits).has_value());
}

TEST(semaphore, no_permits) {
    semaphore s(0);
    EXPECT_EQ(s.available_permits(), 0U);
    EXPECT_FALSE(s.try_acquire().has_value());
}

TEST(semaphore, add_permits) {
    semaphore s(0);
    auto waiting = test::by_hand(s.acquire());
    EXPECT_FALSE(waiting.poll());
    s.add_permits(1);
    EXPECT_TRUE(waiting.is_woken());
    EXPECT_TRUE(waiting.take().has_value());
    EXPECT_EQ(s.available_permits(), 1U);
}

TEST(semaphore, add_permits_open) {
    semaphore s(2);
    s.add_permits(0);
    EXPECT_EQ(s.available_permits(), 2U);
    s.add_permits(5);
    EXPECT_EQ(s.available_permits(), 7U);
}

TEST(semaphore, add_permits_closed) {
    semaphore s(2);
    s.close();
    s.add_permits(5);
    EXPECT_EQ(s.available_permits(), 7U);
    EXPECT_TRUE(s.is_closed());
    EXPECT_FALSE(s.try_acquire().has_value());
}

TEST(semaphore, forget_permits) {
    semaphore s(5);
    EXPECT_EQ(s.forget_permits(2), 2U);
    EXPECT_EQ(s.available_permits(), 3U);
    const auto out = s.try_acquire(1);
    EXPECT_EQ(s.forget_permits(100), 2U);
    EXPECT_EQ(s.forget_permits(1), 0U);
    EXPECT_EQ(s.available_permits(), 0U);
}

TEST(semaphore, add_max_amount_permits) {
    semaphore s(0);
    s.add_permits(semaphore::max_permits);
    EXPECT_EQ(s.available_permits(), semaphore::max_permits);
}

TEST(semaphore, add_more_than_max_amount_permits1) {
    semaphore s(1);
    EXPECT_THROW(s.add_permits(semaphore::max_permits), std::invalid_argument);
    EXPECT_EQ(s.available_permits(), 1U);
}

TEST(semaphore, add_more_than_max_amount_permits2) {
    semaphore s(semaphore::max_permits - 1);
    s.add_permits(1);
    EXPECT_THROW(s.add_permits(1), std::invalid_argument);
    EXPECT_EQ(s.available_permits(), semaphore::max_permits);
}

TEST(semaphore, permits_that_come_back_above_the_limit_do_not_lift_it) {
    semaphore s(semaphore::max_permits);
    auto one = s.try_acquire();
    s.add_permits(1);
    one.reset();  // now there is one more than can be added
    EXPECT_THROW(s.add_permits(1), std::invalid_argument);
}

TEST(semaphore, panic_when_exceeds_maxpermits) {
    EXPECT_THROW(semaphore(semaphore::max_permits + 1), std::invalid_argument);
}

TEST(semaphore, no_panic_at_maxpermits) {
    const semaphore s(semaphore::max_permits);
    EXPECT_EQ(s.available_permits(), semaphore::max_permits);
}

TEST(semaphore, an_owned_permit_keeps_the_semaphore) {
    auto s = make(2);
    const std::weak_ptr<semaphore> weak = s;
    auto waiting = test::by_hand(semaphore::acquire_owned(s));
    auto permit = semaphore::try_acquire_owned(std::move(s), 2);
    EXPECT_FALSE(waiting.poll());
    auto half = permit->split(1);
    permit.reset();
    EXPECT_TRUE(waiting.is_woken());
    half.reset();
    EXPECT_FALSE(weak.expired());
    { const auto last = waiting.take(); }
    EXPECT_TRUE(weak.expired());
}

TEST(semaphore, it_may_die_with_the_last_permit) {
    for (int i = 0; i < 500; ++i) {
        auto s = std::make_unique<semaphore>(1);
        auto held = std::make_unique<semaphore::permit>(*s->try_acquire());
        auto waiting = test::by_hand(s->acquire());
        ASSERT_FALSE(waiting.poll());
        std::thread releaser([&held] { held.reset(); });
        waiting.wait_woken();
        waiting.take()->release();
        s.reset();
        releaser.join();
    }
}

TEST(semaphore, blocking_acquire) {
    semaphore s(1);
    const auto permit = s.blocking_acquire();
    EXPECT_TRUE(permit.has_value());
    EXPECT_EQ(s.available_permits(), 0U);
}

TEST(semaphore, blocking_acquire_many) {
    semaphore s(5);
    const auto permit = s.blocking_acquire(3);
    ASSERT_TRUE(permit.has_value());
    EXPECT_EQ(permit->num_permits(), 3U);
    EXPECT_EQ(s.available_permits(), 2U);
}

TEST(semaphore, blocking_acquire_waits_for_permit) {
    semaphore s(1);
    std::thread waiter([&s] {
        const auto permit = s.blocking_acquire(2);
        EXPECT_TRUE(permit.has_value());
        EXPECT_EQ(s.available_permits(), 0U);
    });
    while (s.available_permits() != 0) { std::this_thread::yield(); }  // it waits with one of two
    s.add_permits(1);
    waiter.join();
    EXPECT_EQ(s.available_permits(), 2U);
}

TEST(semaphore, blocking_acquire_closed) {
    semaphore s(1);
    std::thread waiter([&s] { EXPECT_FALSE(s.blocking_acquire(2).has_value()); });
    while (s.available_permits() != 0) { std::this_thread::yield(); }
    s.close();
    waiter.join();
    EXPECT_FALSE(s.blocking_acquire().has_value());
    EXPECT_EQ(s.available_permits(), 1U);
}

TEST(semaphore, blocking_acquire_exchanges_permits_between_threads) {
    semaphore s(2);
    std::atomic<int> inside{0};
    std::vector<std::thread> threads;
    for (std::size_t t = 0; t < 4; ++t) {
        threads.emplace_back([&, n = t % 2 + 1] {
            for (int i = 0; i < 1000; ++i) {
                const auto permit = s.blocking_acquire(n);
                EXPECT_LE(inside += static_cast<int>(n), 2);
                inside -= static_cast<int>(n);
            }
        });
    }
    for (auto& thread : threads) { thread.join(); }
    EXPECT_EQ(s.available_permits(), 2U);
}

class semaphore_paused : public test::paused_test {};

TEST_F(semaphore_paused, a_leaf_that_timed_out_is_awaited_again) {
    run([]() -> edo::task<> {
        semaphore s(1);
        auto leaf = s.acquire(2);
        bool ready = co_await test::poll_once(leaf);
        EXPECT_FALSE(ready);
        EXPECT_EQ(s.available_permits(), 1U);
        ready = co_await test::poll_once(leaf);
        EXPECT_FALSE(ready);
        EXPECT_EQ(s.available_permits(), 1U);
        s.add_permits(1);
        auto permit = co_await leaf;
        EXPECT_TRUE(permit.has_value());
        EXPECT_EQ(s.available_permits(), 0U);
        permit->release();
        EXPECT_EQ(s.available_permits(), 2U);
    }());
}

class semaphore_test : public test::runtime_test {};
INSTANTIATE_TEST_SUITE_P(kinds, semaphore_test, test::all_kinds, test::kind_name);

struct busy {
    std::shared_ptr<semaphore> limit = make(5);
    std::atomic<int> inside{0};
    std::atomic<int> most{0};
    void enter() {
        const int now = ++inside;
        for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {}
    }
};

TEST_P(semaphore_test, stress_test) {
    auto state = std::make_shared<busy>();
    rt().block_on([](std::shared_ptr<busy> shared) -> edo::task<> {
        std::vector<edo::join_handle<void>> handles;
        for (int i = 0; i < 1000; ++i) {
            handles.push_back(edo::spawn(
                [](std::shared_ptr<busy> s, bool owns) -> edo::task<> {
                    std::optional<semaphore::owned_permit> mine;
                    std::optional<semaphore::permit> lent;
                    if (owns) {
                        auto permit = co_await semaphore::acquire_owned(s->limit);
                        mine.emplace(std::move(*permit));
                    } else {
                        auto permit = co_await s->limit->acquire();
                        lent.emplace(std::move(*permit));
                    }
                    s->enter();
                    co_await edo::yield_now();
                    --s->inside;
                },
                shared, i % 2 == 0));
        }
        for (auto& handle : handles) { co_await handle; }
    }(state));
    EXPECT_LE(state->most, 5);
    EXPECT_EQ(state->limit->available_permits(), 5U);
    EXPECT_TRUE(state->limit->try_acquire(5).has_value());
}

TEST_P(semaphore_test, an_aborted_task_gives_its_permits_back) {
    rt().block_on([]() -> edo::task<> {
        auto s = make(2);
        auto first = edo::spawn(
            [](std::shared_ptr<semaphore> shared) -> edo::task<> {
                auto permits = co_await shared->acquire(2);
                shared->close();  // says that it has them
                edo::sync::notify never;
                co_await never.notified();
            },
            s);
        while (!s->is_closed()) { co_await edo::yield_now(); }
        EXPECT_EQ(s->available_permits(), 0U);
        first.abort();
        const auto result = co_await first.join();
        EXPECT_FALSE(result.has_value());
        EXPECT_EQ(s->available_permits(), 2U);
    }());
}

TEST_P(semaphore_test, blocking_acquire_in_async_context) {
    rt().block_on([]() -> edo::task<> {
        semaphore s(3);
        EXPECT_THROW(static_cast<void>(s.blocking_acquire()), std::logic_error);
        EXPECT_THROW(static_cast<void>(s.blocking_acquire(2)), std::logic_error);
        EXPECT_EQ(s.available_permits(), 3U);
        co_return;
    }());
}

TEST_P(semaphore_test, blocking_acquire_in_a_blocking_closure) {
    rt().block_on([]() -> edo::task<> {
        auto s = make(0);
        auto handle = edo::spawn_blocking(
            [](std::shared_ptr<semaphore> shared) {
                return shared->blocking_acquire().has_value();
            },
            s);
        s->add_permits(1);
        const bool got = co_await handle;
        EXPECT_TRUE(got);
        EXPECT_EQ(s->available_permits(), 1U);
    }());
}

static_assert(!edo::owning<semaphore::permit>);
static_assert(edo::owning<semaphore::owned_permit>);
static_assert(edo::sendable<semaphore::permit>);
static_assert(edo::sendable<semaphore::owned_permit>);
static_assert(!std::is_copy_constructible_v<semaphore::permit>);

}  // namespace
