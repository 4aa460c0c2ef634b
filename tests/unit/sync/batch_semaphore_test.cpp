// The fairness that mutex and mpsc rest on; after tokio/src/sync/tests/semaphore_batch.rs.
#include <edo/sync/detail/batch_semaphore.hpp>

#include <edo/coro/detail/leaf.hpp>

#include <gtest/gtest.h>

#include "support/poll.hpp"
#include "support/runtime_fixture.hpp"

namespace {

namespace test = edo::test;
using edo::detail::batch_semaphore;
using attempt = batch_semaphore::attempt;

class acquire_leaf : public edo::detail::leaf<acquire_leaf> {
public:
    acquire_leaf(batch_semaphore& s, std::size_t n) noexcept : waiter_(s, n) {}
    acquire_leaf(acquire_leaf&&) noexcept = default;
    ~acquire_leaf() { waiter_.give_up(); }
    bool ready() noexcept { return waiter_.ready(); }
    bool arm(edo::detail::suspension& s) noexcept { return waiter_.arm(s); }
    bool await_resume() noexcept { return waiter_.take(); }

private:
    edo::detail::semaphore_waiter waiter_;
};

auto acquire(batch_semaphore& s, std::size_t n) { return test::by_hand(acquire_leaf(s, n)); }

class sync_batch_semaphore : public test::leak_check {};

TEST_F(sync_batch_semaphore, poll_acquire_one_available) {
    batch_semaphore s(100);
    auto a = acquire(s, 1);
    EXPECT_TRUE(a.poll());
    EXPECT_TRUE(a.take());
    EXPECT_EQ(s.available(), 99U);
}

TEST_F(sync_batch_semaphore, poll_acquire_many_unavailable) {
    batch_semaphore s(5);
    auto one = acquire(s, 1);
    auto five = acquire(s, 5);
    auto later = acquire(s, 3);
    EXPECT_TRUE(one.poll());
    EXPECT_TRUE(one.take());
    EXPECT_FALSE(five.poll());
    EXPECT_FALSE(later.poll());
    EXPECT_EQ(s.try_acquire(1), attempt::none);
    EXPECT_EQ(s.try_acquire(0), attempt::granted);
    s.give_back(1);
    EXPECT_TRUE(five.is_woken());
    EXPECT_FALSE(later.is_woken());
    EXPECT_TRUE(five.take());
    s.give_back(2);
    EXPECT_FALSE(later.is_woken());
    s.give_back(2);
    EXPECT_TRUE(later.is_woken());
    later.drop();
    EXPECT_EQ(s.available(), 4U);
}

TEST_F(sync_batch_semaphore, a_small_request_does_not_overtake_a_large_one) {
    batch_semaphore s(2);
    auto large = acquire(s, 3);
    auto small = acquire(s, 1);
    EXPECT_FALSE(large.poll());
    EXPECT_FALSE(small.poll());
    EXPECT_EQ(s.available(), 0U);
    large.drop();
    EXPECT_TRUE(small.is_woken());
    EXPECT_TRUE(small.take());
    EXPECT_EQ(s.available(), 1U);
}

TEST_F(sync_batch_semaphore, close_semaphore_notifies_permit) {
    batch_semaphore s(2);
    auto a = acquire(s, 3);
    auto b = acquire(s, 1);
    EXPECT_FALSE(a.poll());
    EXPECT_FALSE(b.poll());
    s.close();
    EXPECT_EQ(a.wakes(), 1);
    EXPECT_EQ(b.wakes(), 1);
    EXPECT_FALSE(a.take());
    EXPECT_FALSE(b.take());
    EXPECT_TRUE(s.is_idle(2));
    EXPECT_EQ(s.try_acquire(0), attempt::closed);
    EXPECT_TRUE(s.give_back(1));
    auto late = acquire(s, 1);
    EXPECT_TRUE(late.poll());
    EXPECT_FALSE(late.take());
}

TEST_F(sync_batch_semaphore, one_release_wakes_more_than_a_batch) {
    batch_semaphore s(0);
    auto waiting = test::line_of(100, [&] { return acquire_leaf(s, 1); });
    s.give_back(101);
    for (auto& w : waiting) {
        EXPECT_EQ(w.wakes(), 1);
        EXPECT_TRUE(w.take());
    }
    EXPECT_EQ(s.available(), 1U);
}

TEST_F(sync_batch_semaphore, close_wakes_more_than_a_batch) {
    batch_semaphore s(0);
    auto waiting = test::line_of(100, [&] { return acquire_leaf(s, 2); });
    s.give_back(1);
    s.close();
    for (auto& w : waiting) { EXPECT_FALSE(w.take()); }
    EXPECT_TRUE(s.is_idle(1));
}

TEST_F(sync_batch_semaphore, one_that_was_disarmed_queues_up_again) {
    batch_semaphore s(0);
    acquire_leaf leaf(s, 2);
    edo::test::mock_cell first;
    edo::test::mock_cell second;
    EXPECT_FALSE(first.suspend_on(leaf));
    s.give_back(1);
    EXPECT_FALSE(second.suspend_on(leaf));
    EXPECT_EQ(s.available(), 0U);
    s.give_back(1);
    EXPECT_EQ(first.wakes(), 0);
    EXPECT_EQ(second.wakes(), 1);
    EXPECT_TRUE(leaf.await_resume());
}

}  // namespace
