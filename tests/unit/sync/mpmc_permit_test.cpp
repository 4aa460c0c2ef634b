// What mpmc has of mpsc: reservations, weak senders, several values at once, the wait for the end.
#include <edo/sync/mpmc.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "support/poll.hpp"
#include "support/runtime_fixture.hpp"

namespace {

namespace test = edo::test;
using edo::sync::mpmc;
using edo::sync::try_recv_error;

class mpmc_permit : public test::leak_check {};

TEST_F(mpmc_permit, a_reserved_place_is_nobody_elses) {
    auto [tx, rx] = mpmc<int>(1);
    auto permit = tx.try_reserve();
    ASSERT_TRUE(permit.has_value());
    EXPECT_EQ(tx.capacity(), 0U);
    EXPECT_TRUE(tx.try_reserve().error().is_full());
    EXPECT_TRUE(tx.try_send(7).error().is_full());
    auto second = test::by_hand(tx.reserve());
    auto third = test::by_hand(tx.reserve());
    EXPECT_FALSE(second.poll());
    EXPECT_FALSE(third.poll());
    permit->send(1);
    EXPECT_FALSE(second.is_woken());
    EXPECT_EQ(rx.try_recv(), 1);
    EXPECT_EQ(second.wakes(), 1);
    EXPECT_FALSE(third.is_woken());
    { const auto gone = second.take(); }
    EXPECT_EQ(third.wakes(), 1);
    auto last = third.take();
    ASSERT_TRUE(last.has_value());
    last->send(2);
    EXPECT_THROW(last->send(3), std::logic_error);
    EXPECT_THROW(static_cast<void>(last->release()), std::logic_error);
    EXPECT_EQ(rx.try_recv(), 2);
}

TEST_F(mpmc_permit, it_may_send_after_the_close) {
    auto [tx, rx] = mpmc<int>(2);
    auto kept = tx.try_reserve();
    auto dropped = tx.try_reserve();
    auto waits_for_room = test::by_hand(tx.reserve());
    EXPECT_FALSE(waits_for_room.poll());
    rx.close();
    EXPECT_TRUE(rx.is_closed());
    EXPECT_TRUE(tx.try_reserve().error().is_closed());
    EXPECT_FALSE(waits_for_room.take().has_value());
    auto first = test::by_hand(rx.recv());
    auto second = test::by_hand(rx.recv());
    EXPECT_FALSE(first.poll());
    EXPECT_FALSE(second.poll());
    EXPECT_EQ(rx.try_recv().error(), try_recv_error::empty);
    kept->send(1);
    EXPECT_EQ(first.wakes(), 1);
    EXPECT_EQ(first.take(), 1);
    EXPECT_FALSE(second.is_woken());
    { const auto gone = std::move(dropped); }
    EXPECT_EQ(second.wakes(), 1);
    EXPECT_EQ(second.take(), std::nullopt);
    EXPECT_EQ(rx.try_recv().error(), try_recv_error::closed);
}

TEST_F(mpmc_permit, it_keeps_the_channel_open) {
    auto [tx, rx] = mpmc<int>(1);
    std::optional sender(std::move(tx));
    auto permit = sender->try_reserve();
    sender.reset();
    EXPECT_FALSE(rx.is_closed());
    auto again = permit->release();
    EXPECT_EQ(again.capacity(), 1U);
    EXPECT_TRUE(again.try_send(1));
    { const auto gone = std::move(again); }
    EXPECT_TRUE(rx.is_closed());
    EXPECT_EQ(rx.try_recv(), 1);
}

TEST_F(mpmc_permit, assigned_to_it_gives_its_place_back) {
    auto [tx, rx] = mpmc<int>(2);
    auto first = tx.try_reserve();
    auto second = tx.try_reserve();
    *first = std::move(*second);
    EXPECT_EQ(tx.capacity(), 1U);
    first->send(1);
    EXPECT_EQ(rx.try_recv(), 1);
    EXPECT_EQ(tx.capacity(), 2U);
}

TEST_F(mpmc_permit, values_sent_to_nobody_are_destroyed) {
    const auto value = std::make_shared<int>(1);
    {
        auto [tx, rx] = mpmc<std::shared_ptr<int>>(2);
        auto permit = tx.try_reserve();
        { const auto gone = std::move(rx); }
        EXPECT_TRUE(tx.is_closed());
        permit->send(value);
    }
    EXPECT_EQ(value.use_count(), 1);
}

TEST_F(mpmc_permit, weak_senders) {
    auto [tx, rx] = mpmc<int>(1);
    const auto weak = tx.downgrade();
    {
        auto strong = weak.upgrade();
        ASSERT_TRUE(strong.has_value());
        EXPECT_TRUE(strong->same_channel(tx));
        const auto gone = std::move(tx);
        EXPECT_TRUE(strong->try_send(1));
    }
    EXPECT_TRUE(rx.is_closed());
    EXPECT_FALSE(weak.upgrade().has_value());
    EXPECT_EQ(rx.try_recv(), 1);
    { const auto gone = std::move(rx); }
    EXPECT_FALSE(weak.upgrade().has_value());
}

TEST_F(mpmc_permit, recv_many) {
    auto [tx, rx] = mpmc<int>(4);
    std::vector<int> out;
    auto none = test::by_hand(rx.recv_many(out, 0));
    EXPECT_TRUE(none.poll());
    EXPECT_EQ(none.take(), 0U);
    auto waits = test::by_hand(rx.recv_many(out, 3));
    EXPECT_FALSE(waits.poll());
    for (const int i : {1, 2, 3, 4}) { EXPECT_TRUE(tx.try_send(i)); }
    EXPECT_EQ(waits.wakes(), 1);
    EXPECT_EQ(waits.take(), 3U);
    EXPECT_EQ(out, (std::vector{1, 2, 3}));
    EXPECT_EQ(tx.capacity(), 3U);
    { const auto gone = std::move(tx); }
    EXPECT_EQ(rx.blocking_recv_many(out, 10), 1U);
    EXPECT_EQ(rx.blocking_recv_many(out, 10), 0U);
    EXPECT_EQ(out, (std::vector{1, 2, 3, 4}));
}

TEST_F(mpmc_permit, recv_many_leaves_what_is_meant_for_others) {
    auto [tx, rx] = mpmc<int>(4);
    std::vector<int> out;
    auto first = test::by_hand(rx.recv_many(out, 10));
    auto second = test::by_hand(rx.recv());
    EXPECT_FALSE(first.poll());
    EXPECT_FALSE(second.poll());
    EXPECT_TRUE(tx.try_send(1));
    EXPECT_TRUE(tx.try_send(2));
    EXPECT_EQ(second.wakes(), 1);
    EXPECT_EQ(first.take(), 1U);
    EXPECT_EQ(second.take(), 2);
}

TEST_F(mpmc_permit, closed_waits_for_the_last_receiver) {
    auto [tx, rx] = mpmc<int>(1);
    auto other = rx;
    auto waits = test::by_hand(tx.closed());
    EXPECT_FALSE(waits.poll());
    { const auto gone = std::move(rx); }
    EXPECT_FALSE(waits.is_woken());
    other.close();
    EXPECT_EQ(waits.wakes(), 1);
    waits.take();
    auto at_once = test::by_hand(tx.closed());
    EXPECT_TRUE(at_once.poll());
}

}  // namespace
