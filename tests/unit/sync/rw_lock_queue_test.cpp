// Who gets a rw_lock, and what becomes of it when a waiter is dropped.
#include <edo/sync/rw_lock.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <utility>

#include "support/lock_forms.hpp"
#include "support/poll.hpp"

namespace {

namespace test = edo::test;
using edo::sync::rw_lock;

using lock = test::rw_lock_of_int;
using pointer = std::shared_ptr<lock>;
pointer make() { return std::make_shared<lock>(100); }

template <class Form>
class rw_lock_queue : public testing::Test {};
TYPED_TEST_SUITE(rw_lock_queue, test::rw_lock_forms);

TYPED_TEST(rw_lock_queue, first_come_first_served) {
    const auto l = make();
    auto held = TypeParam::try_write(l);
    auto r1 = test::by_hand(TypeParam::read(l));
    auto r2 = test::by_hand(TypeParam::read(l));
    auto w1 = test::by_hand(TypeParam::write(l));
    auto r3 = test::by_hand(TypeParam::read(l));
    auto w2 = test::by_hand(TypeParam::write(l));
    EXPECT_FALSE(r1.poll());
    EXPECT_FALSE(r2.poll());
    EXPECT_FALSE(w1.poll());
    EXPECT_FALSE(r3.poll());
    EXPECT_FALSE(w2.poll());
    held.reset();
    EXPECT_TRUE(r1.is_woken());
    EXPECT_TRUE(r2.is_woken());
    EXPECT_FALSE(w1.is_woken());
    r1.take().unlock();
    EXPECT_FALSE(w1.is_woken());
    r2.take().unlock();
    EXPECT_TRUE(w1.is_woken());
    EXPECT_FALSE(r3.is_woken());
    w1.take().unlock();
    EXPECT_TRUE(r3.is_woken());
    EXPECT_FALSE(w2.is_woken());
    r3.take().unlock();
    EXPECT_TRUE(w2.is_woken());
}

TYPED_TEST(rw_lock_queue, downgrade_lets_the_readers_in_that_wait) {
    const auto l = make();
    auto writer = TypeParam::try_write(l);
    auto r1 = test::by_hand(TypeParam::read(l));
    auto r2 = test::by_hand(TypeParam::read(l));
    auto next = test::by_hand(TypeParam::write(l));
    auto late = test::by_hand(TypeParam::read(l));
    EXPECT_FALSE(r1.poll());
    EXPECT_FALSE(r2.poll());
    EXPECT_FALSE(next.poll());
    EXPECT_FALSE(late.poll());
    **writer = 150;
    auto reader = std::move(*writer).downgrade();
    EXPECT_FALSE(writer->owns_lock());
    EXPECT_TRUE(reader.owns_lock());
    writer.reset();
    EXPECT_TRUE(r1.is_woken());
    EXPECT_TRUE(r2.is_woken());
    EXPECT_FALSE(next.is_woken());
    EXPECT_FALSE(late.is_woken());
    EXPECT_EQ(*reader, 150);
    EXPECT_EQ(*r1.take(), 150);
    EXPECT_EQ(*r2.take(), 150);
    EXPECT_FALSE(next.is_woken());
    reader.unlock();
    EXPECT_TRUE(next.is_woken());
    EXPECT_FALSE(late.is_woken());
    next.take().unlock();
    EXPECT_TRUE(late.is_woken());
}

TYPED_TEST(rw_lock_queue, downgrade_keeps_a_writer_that_is_first_in_line_out) {
    const auto l = make();
    auto writer = TypeParam::try_write(l);
    auto next = test::by_hand(TypeParam::write(l));
    auto late = test::by_hand(TypeParam::read(l));
    EXPECT_FALSE(next.poll());
    EXPECT_FALSE(late.poll());
    auto reader = std::move(*writer).downgrade();
    EXPECT_FALSE(next.is_woken());
    EXPECT_FALSE(late.is_woken());
    EXPECT_FALSE(TypeParam::try_read(l).has_value());
    next.drop();
    EXPECT_TRUE(late.is_woken());
    EXPECT_FALSE(TypeParam::try_write(l).has_value());
    late.take().unlock();
    reader.unlock();
    EXPECT_TRUE(TypeParam::try_write(l).has_value());
}

TYPED_TEST(rw_lock_queue, a_waiter_that_is_dropped_leaves_the_others_in_order) {
    const auto l = make();
    auto held = TypeParam::try_write(l);
    auto first = test::by_hand(TypeParam::write(l));
    auto second = test::by_hand(TypeParam::read(l));
    auto third = test::by_hand(TypeParam::write(l));
    EXPECT_FALSE(first.poll());
    EXPECT_FALSE(second.poll());
    EXPECT_FALSE(third.poll());
    second.drop();
    held.reset();
    EXPECT_TRUE(first.is_woken());
    EXPECT_FALSE(third.is_woken());
    first.take().unlock();
    EXPECT_TRUE(third.is_woken());
    EXPECT_FALSE(second.is_woken());
}

TYPED_TEST(rw_lock_queue, a_lock_that_was_given_and_dropped_goes_to_the_next) {
    const auto l = make();
    auto held = TypeParam::try_write(l);
    auto w1 = test::by_hand(TypeParam::write(l));
    auto r1 = test::by_hand(TypeParam::read(l));
    auto r2 = test::by_hand(TypeParam::read(l));
    auto w2 = test::by_hand(TypeParam::write(l));
    EXPECT_FALSE(w1.poll());
    EXPECT_FALSE(r1.poll());
    EXPECT_FALSE(r2.poll());
    EXPECT_FALSE(w2.poll());
    held.reset();
    EXPECT_TRUE(w1.is_woken());
    EXPECT_FALSE(r1.is_woken());
    w1.drop();
    EXPECT_TRUE(r1.is_woken());
    EXPECT_TRUE(r2.is_woken());
    EXPECT_FALSE(w2.is_woken());
    r1.drop();
    EXPECT_FALSE(w2.is_woken());
    r2.drop();
    EXPECT_TRUE(w2.is_woken());
    w2.drop();
    EXPECT_TRUE(TypeParam::try_write(l).has_value());
}

TYPED_TEST(rw_lock_queue, a_lock_that_was_ready_but_not_taken_is_released) {
    const auto l = make();
    {
        auto writer = TypeParam::write(l);
        EXPECT_TRUE(writer.ready());
        auto moved = std::move(writer);
        EXPECT_FALSE(TypeParam::try_read(l).has_value());
    }
    {
        auto reader = TypeParam::read(l);
        EXPECT_TRUE(reader.ready());
        EXPECT_FALSE(TypeParam::try_write(l).has_value());
        EXPECT_TRUE(TypeParam::try_read(l).has_value());
    }
    EXPECT_TRUE(TypeParam::try_write(l).has_value());
}

TYPED_TEST(rw_lock_queue, a_lock_that_was_given_to_one_who_was_disarmed_is_kept) {
    const auto l = make();
    auto held = TypeParam::try_write(l);
    auto first = test::by_hand(TypeParam::write(l));
    EXPECT_FALSE(first.poll());
    held.reset();
    first.leaf().disarm();
    EXPECT_FALSE(TypeParam::try_read(l).has_value());
    auto second = test::by_hand(std::move(first.leaf()));
    ASSERT_TRUE(second.poll());
    EXPECT_TRUE(second.take().owns_lock());
    EXPECT_TRUE(TypeParam::try_write(l).has_value());
}

}  // namespace
