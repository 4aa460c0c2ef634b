// What mpmc has of mpsc: reservations, weak senders, several values at once, the wait for the end.
#include <edo/edo.hpp>
#include <edo/sync/mpmc.hpp>

#include <gtest/gtest.h>

#include <chrono>
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

TEST_F(mpmc_permit, several_places_at_once) {
    auto [tx, rx] = mpmc<int>(3);
    auto held = tx.try_reserve_many(2);
    ASSERT_TRUE(held.has_value());
    EXPECT_EQ(held->size(), 2U);
    EXPECT_EQ(tx.capacity(), 1U);
    EXPECT_TRUE(tx.try_reserve_many(2).error().is_full());
    auto waits = test::by_hand(tx.reserve_many(2));
    EXPECT_FALSE(waits.poll());
    held->send(1);
    auto one = held->next();
    ASSERT_TRUE(one.has_value());
    one->send(2);
    EXPECT_TRUE(held->empty());
    EXPECT_FALSE(held->next().has_value());
    EXPECT_THROW(held->send(3), std::logic_error);
    EXPECT_FALSE(waits.is_woken());
    EXPECT_EQ(rx.try_recv(), 1);
    EXPECT_EQ(waits.wakes(), 1);
    auto others = waits.take();
    ASSERT_TRUE(others.has_value());
    *held = std::move(*others);
    EXPECT_EQ(held->size(), 2U);
    EXPECT_TRUE(others->empty());
    EXPECT_EQ(rx.try_recv(), 2);
    EXPECT_EQ(tx.capacity(), 1U);
    *held = std::move(*others);
    EXPECT_EQ(tx.capacity(), 3U);
}

TEST_F(mpmc_permit, more_places_than_there_are) {
    auto [tx, rx] = mpmc<int>(2);
    auto waits = test::by_hand(tx.reserve_many(3));
    EXPECT_TRUE(waits.poll());
    EXPECT_FALSE(waits.take().has_value());
    EXPECT_TRUE(tx.try_reserve_many(3).error().is_full());
    EXPECT_EQ(tx.capacity(), 2U);
}

TEST_F(mpmc_permit, no_place_at_all) {
    auto [tx, rx] = mpmc<int>(1);
    auto waits = test::by_hand(tx.reserve_many(0));
    EXPECT_TRUE(waits.poll());
    EXPECT_TRUE(waits.take()->empty());
    EXPECT_TRUE(tx.try_reserve_many(0)->empty());
    rx.close();
    EXPECT_TRUE(tx.try_reserve_many(0).error().is_closed());
}

TEST_F(mpmc_permit, several_places_may_be_used_after_the_close) {
    auto [tx, rx] = mpmc<int>(3);
    auto held = tx.try_reserve_many(3);
    rx.close();
    auto first = test::by_hand(rx.recv());
    EXPECT_FALSE(first.poll());
    held->send(1);
    EXPECT_EQ(first.take(), 1);
    auto second = test::by_hand(rx.recv());
    EXPECT_FALSE(second.poll());
    { const auto gone = std::move(*held); }
    EXPECT_EQ(second.take(), std::nullopt);
}

TEST_F(mpmc_permit, send_timeout) {
    auto rt = edo::runtime::current_thread().start_paused(true).build();
    rt.block_on([]() -> edo::task<> {
        using namespace std::chrono_literals;
        auto [tx, rx] = mpmc<int>(1);
        auto sent = co_await tx.send_timeout(1, 1s);
        EXPECT_TRUE(sent.has_value());
        const auto begin = edo::clock::now();
        auto late = co_await tx.send_timeout(2, 1s);
        EXPECT_TRUE(!late && late.error().is_timeout() && late.error().value() == 2);
        EXPECT_EQ(edo::clock::now() - begin, 1s);
        { auto gone = std::move(rx); }
        auto closed = co_await tx.send_timeout(3, 1s);
        EXPECT_TRUE(!closed && closed.error().is_closed() && closed.error().value() == 3);
    }());
}

/// Its value is gone.
TEST_F(mpmc_permit, a_send_that_has_ended_cannot_be_awaited_again) {
    auto rt = edo::runtime::current_thread().build();
    rt.block_on([]() -> edo::task<> {
        auto [tx, rx] = mpmc<int>(2);
        auto sending = tx.send(1);
        const auto sent = co_await sending;
        EXPECT_TRUE(sent.has_value());
        EXPECT_THROW(static_cast<void>(co_await sending), std::logic_error);
        EXPECT_EQ(rx.try_recv(), 1);
        EXPECT_EQ(rx.try_recv().error(), try_recv_error::empty);
    }());
}

}  // namespace
