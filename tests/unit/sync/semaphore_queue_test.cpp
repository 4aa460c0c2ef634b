// Who gets the permits of a semaphore, and what becomes of them when a waiter is dropped.
#include <edo/sync/semaphore.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <memory>
#include <utility>

#include "support/lock_forms.hpp"
#include "support/poll.hpp"

namespace {

namespace test = edo::test;
using edo::sync::semaphore;

using pointer = std::shared_ptr<semaphore>;
pointer make(std::size_t permits) { return std::make_shared<semaphore>(permits); }

template <class Form>
class semaphore_queue : public testing::Test {};
TYPED_TEST_SUITE(semaphore_queue, test::semaphore_forms);

TYPED_TEST(semaphore_queue, first_come_first_served) {
    const auto s = make(0);
    auto waiting = test::line_of(40, [&] { return TypeParam::acquire(s); });
    const auto woken = [&] {
        std::size_t count = 0;
        while (count < waiting.size() && waiting[count].is_woken()) { ++count; }
        for (std::size_t i = count; i < waiting.size(); ++i) {
            EXPECT_FALSE(waiting[i].is_woken());
        }
        return count;
    };
    s->add_permits(1);
    EXPECT_EQ(woken(), 1U);
    s->add_permits(2);
    EXPECT_EQ(woken(), 3U);
    waiting[1].take()->release();
    EXPECT_EQ(woken(), 4U);
    s->add_permits(37);
    EXPECT_EQ(woken(), 40U);
    EXPECT_EQ(s->available_permits(), 1U);
    for (auto& w : waiting) { EXPECT_EQ(w.wakes(), 1); }
    waiting.clear();
    EXPECT_EQ(s->available_permits(), 40U);
}

TYPED_TEST(semaphore_queue, a_large_request_is_not_overtaken) {
    const auto s = make(2);
    auto large = test::by_hand(TypeParam::acquire(s, 3));
    auto small = test::by_hand(TypeParam::acquire(s, 1));
    EXPECT_FALSE(large.poll());
    EXPECT_FALSE(small.poll());
    EXPECT_FALSE(TypeParam::try_acquire(s).has_value());
    s->add_permits(1);
    EXPECT_TRUE(large.is_woken());
    EXPECT_FALSE(small.is_woken());
    auto three = large.take();
    EXPECT_TRUE(three->split(1).has_value());  // goes back at once
    EXPECT_TRUE(small.is_woken());
}

TYPED_TEST(semaphore_queue, a_waiter_that_is_dropped_leaves_the_others_in_order) {
    const auto s = make(0);
    auto first = test::by_hand(TypeParam::acquire(s));
    auto second = test::by_hand(TypeParam::acquire(s));
    auto third = test::by_hand(TypeParam::acquire(s));
    EXPECT_FALSE(first.poll());
    EXPECT_FALSE(second.poll());
    EXPECT_FALSE(third.poll());
    second.drop();
    s->add_permits(1);
    EXPECT_TRUE(first.is_woken());
    EXPECT_FALSE(third.is_woken());
    s->add_permits(1);
    EXPECT_TRUE(third.is_woken());
    EXPECT_FALSE(second.is_woken());
    EXPECT_EQ(s->available_permits(), 0U);
}

TYPED_TEST(semaphore_queue, a_large_waiter_that_is_dropped_lets_the_small_ones_in) {
    const auto s = make(2);
    auto large = test::by_hand(TypeParam::acquire(s, 4));
    auto first = test::by_hand(TypeParam::acquire(s, 1));
    auto second = test::by_hand(TypeParam::acquire(s, 1));
    auto third = test::by_hand(TypeParam::acquire(s, 1));
    EXPECT_FALSE(large.poll());
    EXPECT_FALSE(first.poll());
    EXPECT_FALSE(second.poll());
    EXPECT_FALSE(third.poll());
    large.drop();
    EXPECT_TRUE(first.is_woken());
    EXPECT_TRUE(second.is_woken());
    EXPECT_FALSE(third.is_woken());
    EXPECT_EQ(s->available_permits(), 0U);
}

TYPED_TEST(semaphore_queue, permits_that_were_given_and_dropped_go_to_the_next) {
    const auto s = make(0);
    auto first = test::by_hand(TypeParam::acquire(s, 2));
    auto second = test::by_hand(TypeParam::acquire(s, 1));
    auto third = test::by_hand(TypeParam::acquire(s, 2));
    EXPECT_FALSE(first.poll());
    EXPECT_FALSE(second.poll());
    EXPECT_FALSE(third.poll());
    s->add_permits(2);
    EXPECT_TRUE(first.is_woken());
    EXPECT_FALSE(second.is_woken());
    first.drop();
    EXPECT_TRUE(second.is_woken());
    EXPECT_FALSE(third.is_woken());  // has one of two
    second.drop();
    EXPECT_TRUE(third.is_woken());
    third.drop();
    EXPECT_EQ(s->available_permits(), 2U);
}

TYPED_TEST(semaphore_queue, permits_that_were_ready_but_not_taken_go_back) {
    const auto s = make(2);
    {
        auto leaf = TypeParam::acquire(s, 2);
        EXPECT_TRUE(leaf.ready());
        auto moved = std::move(leaf);
        EXPECT_EQ(s->available_permits(), 0U);
    }
    EXPECT_EQ(s->available_permits(), 2U);
}

TYPED_TEST(semaphore_queue, permits_that_were_given_to_one_who_was_disarmed_are_kept) {
    const auto s = make(0);
    auto first = test::by_hand(TypeParam::acquire(s));
    EXPECT_FALSE(first.poll());
    s->add_permits(1);
    first.leaf().disarm();
    EXPECT_EQ(s->available_permits(), 0U);
    auto second = test::by_hand(std::move(first.leaf()));
    EXPECT_TRUE(second.poll());
    EXPECT_TRUE(second.take().has_value());
    EXPECT_EQ(s->available_permits(), 1U);
}

TYPED_TEST(semaphore_queue, close_fails_those_who_wait_and_those_who_come) {
    const auto s = make(1);
    auto large = test::by_hand(TypeParam::acquire(s, 2));
    auto small = test::by_hand(TypeParam::acquire(s, 1));
    EXPECT_FALSE(large.poll());
    EXPECT_FALSE(small.poll());
    EXPECT_FALSE(s->is_closed());
    s->close();
    s->close();
    EXPECT_TRUE(s->is_closed());
    EXPECT_EQ(large.wakes(), 1);
    EXPECT_EQ(small.wakes(), 1);
    EXPECT_FALSE(large.take().has_value());
    EXPECT_FALSE(small.take().has_value());
    EXPECT_EQ(s->available_permits(), 1U);  // what the large one had got so far
    EXPECT_FALSE(TypeParam::try_acquire(s).has_value());
    EXPECT_FALSE(TypeParam::try_acquire(s, 0).has_value());
    auto late = test::by_hand(TypeParam::acquire(s));
    ASSERT_TRUE(late.poll());
    EXPECT_FALSE(late.take().has_value());
}

TYPED_TEST(semaphore_queue, permits_that_are_out_survive_a_close) {
    const auto s = make(3);
    auto held = TypeParam::try_acquire(s, 2);
    auto given = test::by_hand(TypeParam::acquire(s, 2));
    auto waiting = test::by_hand(TypeParam::acquire(s, 1));
    EXPECT_FALSE(given.poll());
    EXPECT_FALSE(waiting.poll());
    EXPECT_TRUE(held->split(1).has_value());  // goes back at once, to `given`
    EXPECT_TRUE(given.is_woken());
    s->close();
    auto permit = given.take();
    ASSERT_TRUE(permit.has_value());
    EXPECT_EQ(permit->num_permits(), 2U);
    EXPECT_FALSE(waiting.take().has_value());
    EXPECT_EQ(s->available_permits(), 0U);
    held.reset();
    EXPECT_EQ(s->available_permits(), 1U);
    permit->release();
    EXPECT_EQ(s->available_permits(), 3U);
    EXPECT_FALSE(TypeParam::try_acquire(s).has_value());
}

TYPED_TEST(semaphore_queue, waiters_that_close_has_failed_give_nothing_back_when_they_are_dropped) {
    const auto s = make(1);
    auto large = test::by_hand(TypeParam::acquire(s, 2));
    EXPECT_FALSE(large.poll());
    s->close();
    large.drop();
    EXPECT_EQ(s->available_permits(), 1U);
}

}  // namespace
