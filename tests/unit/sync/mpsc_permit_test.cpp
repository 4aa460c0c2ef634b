// After tokio/tests/sync_mpsc.rs: reservations.
#include <edo/edo.hpp>
#include <edo/sync/mpsc.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>

#include "support/poll.hpp"
#include "support/runtime_fixture.hpp"

namespace {

namespace test = edo::test;
using edo::sync::mpsc;
using edo::sync::try_recv_error;

class mpsc_permit : public test::leak_check {};

TEST_F(mpsc_permit, reserve_disarm) {
    auto [tx, rx] = mpsc<int>(2);
    auto first = tx.try_reserve();
    auto second = tx.try_reserve();
    auto third = test::by_hand(tx.reserve());
    auto fourth = test::by_hand(tx.reserve());
    EXPECT_FALSE(third.poll());
    EXPECT_FALSE(fourth.poll());
    first->send(1);
    EXPECT_FALSE(third.is_woken());
    EXPECT_EQ(rx.blocking_recv(), 1);
    EXPECT_TRUE(third.is_woken());
    EXPECT_FALSE(fourth.is_woken());
    { auto gone = std::move(second); }
    EXPECT_TRUE(fourth.is_woken());
    auto fifth = test::by_hand(tx.reserve());
    EXPECT_FALSE(fifth.poll());
}

TEST_F(mpsc_permit, recv_close_gets_none_reserved) {
    auto [tx, rx] = mpsc<int>(1);
    auto permit = tx.try_reserve();
    ASSERT_TRUE(permit.has_value());
    auto second = test::by_hand(tx.reserve());
    EXPECT_FALSE(second.poll());
    rx.close();
    EXPECT_TRUE(second.is_woken());
    EXPECT_FALSE(second.take().has_value());
    auto receiving = test::by_hand(rx.recv());
    EXPECT_FALSE(receiving.poll());
    permit->send(123);
    EXPECT_EQ(receiving.wakes(), 1);
    EXPECT_EQ(receiving.take(), 123);
    EXPECT_EQ(rx.blocking_recv(), std::nullopt);
}

TEST_F(mpsc_permit, failed_reserve_many_wakes_closed_receiver) {
    // Tokio frees what a failed reservation had gathered when that is polled; here close() does.
    auto [tx, rx] = mpsc<int>(2);
    auto held = tx.try_reserve();
    auto both = test::by_hand(tx.reserve_many(2));
    EXPECT_FALSE(both.poll());
    rx.close();
    auto receiving = test::by_hand(rx.recv());
    EXPECT_FALSE(receiving.poll());
    EXPECT_FALSE(both.take().has_value());
    EXPECT_FALSE(receiving.is_woken());
    { auto gone = std::move(held); }
    EXPECT_EQ(receiving.wakes(), 1);
    EXPECT_EQ(receiving.take(), std::nullopt);
}

TEST_F(mpsc_permit, failed_reserve_wakes_closed_receiver) {
    // The reservation was granted before the close and is taken after it.
    auto [tx, rx] = mpsc<int>(1);
    auto held = tx.try_reserve();
    auto waiting = test::by_hand(tx.reserve());
    EXPECT_FALSE(waiting.poll());
    { auto gone = std::move(held); }
    EXPECT_TRUE(waiting.is_woken());
    rx.close();
    auto receiving = test::by_hand(rx.recv());
    EXPECT_FALSE(receiving.poll());
    { auto permit = waiting.take(); }
    EXPECT_EQ(receiving.wakes(), 1);
    EXPECT_EQ(receiving.take(), std::nullopt);
}

TEST_F(mpsc_permit, cancelled_reserve_wakes_closed_receiver) {
    auto [tx, rx] = mpsc<int>(1);
    auto held = tx.try_reserve();
    auto waiting = test::by_hand(tx.reserve());
    EXPECT_FALSE(waiting.poll());
    { auto gone = std::move(held); }
    rx.close();
    auto receiving = test::by_hand(rx.recv());
    EXPECT_FALSE(receiving.poll());
    waiting.drop();
    EXPECT_EQ(receiving.wakes(), 1);
    EXPECT_EQ(receiving.take(), std::nullopt);
}

TEST_F(mpsc_permit, cancelled_reserve_many_wakes_closed_receiver) {
    auto [tx, rx] = mpsc<int>(2);
    auto held = tx.try_reserve_many(2);
    auto waiting = test::by_hand(tx.reserve_many(2));
    EXPECT_FALSE(waiting.poll());
    { auto gone = std::move(held); }
    EXPECT_TRUE(waiting.is_woken());
    rx.close();
    auto receiving = test::by_hand(rx.recv());
    EXPECT_FALSE(receiving.poll());
    waiting.drop();
    EXPECT_EQ(receiving.wakes(), 1);
}

TEST_F(mpsc_permit, permit_available_not_acquired_close) {
    auto [tx1, rx] = mpsc<int>(1);
    auto tx2 = tx1;
    auto permit = tx1.try_reserve();
    auto second = test::by_hand(tx2.reserve());
    EXPECT_FALSE(second.poll());
    rx.close();
    { auto gone = std::move(permit); }
    EXPECT_TRUE(second.is_woken());
    second.drop();
    EXPECT_EQ(rx.blocking_recv(), std::nullopt);
}

TEST_F(mpsc_permit, reserve_many_above_cap) {
    auto [tx, rx] = mpsc<int>(2);
    for (std::size_t n : {std::size_t{3}, SIZE_MAX}) {
        auto reserving = test::by_hand(tx.reserve_many(n));
        ASSERT_TRUE(reserving.poll());
        EXPECT_FALSE(reserving.take().has_value());
    }
    EXPECT_EQ(tx.capacity(), 2U);
}

TEST_F(mpsc_permit, reserve_many_zero) {
    auto [tx, rx] = mpsc<int>(1);
    EXPECT_TRUE(tx.try_send(1).has_value());
    auto reserving = test::by_hand(tx.reserve_many(0));
    ASSERT_TRUE(reserving.poll());
    auto permits = reserving.take();
    EXPECT_TRUE(permits->empty());
    EXPECT_FALSE(permits->next().has_value());
    EXPECT_THROW(permits->send(1), std::logic_error);
    rx.close();
    auto refused = test::by_hand(tx.reserve_many(0));
    ASSERT_TRUE(refused.poll());
    EXPECT_FALSE(refused.take().has_value());
}

TEST_F(mpsc_permit, try_reserve_many_zero) {
    auto [tx, rx] = mpsc<int>(1);
    EXPECT_TRUE(tx.try_send(1).has_value());
    EXPECT_TRUE(tx.try_reserve_many(0).has_value());
    rx.close();
    EXPECT_TRUE(tx.try_reserve_many(0).error().is_closed());
}

TEST_F(mpsc_permit, try_reserve_many_edge_cases) {
    auto [tx, rx] = mpsc<int>(10);
    EXPECT_TRUE(tx.try_reserve_many(SIZE_MAX).error().is_full());
    EXPECT_TRUE(tx.try_reserve_many(11).error().is_full());
    EXPECT_EQ(tx.try_reserve_many(10)->size(), 10U);
}

TEST_F(mpsc_permit, try_reserve_fails) {
    auto [tx, rx] = mpsc<int>(1);
    auto permit = tx.try_reserve();
    ASSERT_TRUE(permit.has_value());
    EXPECT_TRUE(tx.try_reserve().error().is_full());
    { auto gone = std::move(permit); }
    EXPECT_TRUE(tx.try_reserve().has_value());
}

TEST_F(mpsc_permit, reserve_many_and_send) {
    auto [tx, rx] = mpsc<int>(100);
    for (std::size_t n = 0; n < 100; ++n) {
        auto reserving = test::by_hand(tx.reserve_many(n));
        ASSERT_TRUE(reserving.poll());
        auto permits = reserving.take();
        for (int i = 0; auto permit = permits->next(); ++i) { permit->send(i); }
        for (std::size_t i = 0; i < n; ++i) {
            EXPECT_EQ(rx.try_recv().value(), static_cast<int>(i));
        }
        EXPECT_EQ(rx.try_recv().error(), try_recv_error::empty);
    }
}

TEST_F(mpsc_permit, try_reserve_many_and_send) {
    auto [tx, rx] = mpsc<int>(100);
    for (std::size_t n = 0; n < 100; ++n) {
        auto permits = tx.try_reserve_many(n);
        ASSERT_TRUE(permits.has_value());
        for (int i = 0; !permits->empty(); ++i) { permits->send(i); }
        for (std::size_t i = 0; i < n; ++i) {
            EXPECT_EQ(rx.try_recv().value(), static_cast<int>(i));
        }
    }
}

TEST_F(mpsc_permit, try_reserve_many_full) {
    for (std::size_t n = 1; n < 40; ++n) {
        for (std::size_t sent = 0; sent < n; ++sent) {
            auto [tx, rx] = mpsc<int>(n);
            {
                auto permits = tx.try_reserve_many(n);
                EXPECT_EQ(permits->size(), n);
                EXPECT_EQ(tx.capacity(), 0U);
                EXPECT_TRUE(tx.try_reserve_many(1).error().is_full());
                for (std::size_t i = 0; i < sent; ++i) { permits->send(0); }
            }
            EXPECT_EQ(tx.capacity(), n - sent);
            EXPECT_TRUE(tx.try_reserve_many(n - sent).has_value());
            EXPECT_TRUE(tx.try_reserve_many(n - sent + 1).error().is_full());
            for (std::size_t i = 0; i < sent; ++i) { EXPECT_EQ(rx.try_recv().value(), 0); }
            EXPECT_EQ(tx.capacity(), n);
        }
    }
}

TEST_F(mpsc_permit, reserve_on_closed_channel) {
    auto [tx, rx] = mpsc<int>(100);
    { auto gone = std::move(rx); }
    auto reserving = test::by_hand(tx.reserve_many(10));
    ASSERT_TRUE(reserving.poll());
    EXPECT_FALSE(reserving.take().has_value());
    EXPECT_TRUE(tx.try_reserve_many(10).error().is_closed());
    EXPECT_TRUE(tx.try_reserve().error().is_closed());
}

TEST_F(mpsc_permit, drop_permit_releases_permit) {
    auto [tx, rx] = mpsc<int>(1);
    auto permit = tx.try_reserve();
    auto waiting = test::by_hand(tx.reserve());
    EXPECT_FALSE(waiting.poll());
    { auto gone = std::move(permit); }
    EXPECT_TRUE(waiting.is_woken());
    EXPECT_TRUE(waiting.take().has_value());
}

TEST_F(mpsc_permit, drop_permit_iterator_releases_permits) {
    auto [tx, rx] = mpsc<int>(10);
    auto permits = tx.try_reserve_many(10);
    permits->send(1);
    auto waiting = test::by_hand(tx.reserve_many(9));
    EXPECT_FALSE(waiting.poll());
    { auto gone = std::move(permits); }
    EXPECT_TRUE(waiting.is_woken());
    EXPECT_EQ(waiting.take()->size(), 9U);
}

/// A closed channel whose receiver waits for the last permit.
template <class Permit, class Finish>
void last_permit_wakes_closed_receiver(Permit permit, edo::sync::mpsc_receiver<int>& rx,
                                       Finish finish, std::optional<int> expected) {
    rx.close();
    auto receiving = test::by_hand(rx.recv());
    EXPECT_FALSE(receiving.poll());
    finish(std::move(permit));
    EXPECT_EQ(receiving.wakes(), 1);
    EXPECT_EQ(receiving.take(), expected);
}

TEST_F(mpsc_permit, dropping_last_permit_wakes_closed_receiver) {
    auto [tx, rx] = mpsc<int>(1);
    last_permit_wakes_closed_receiver(*tx.try_reserve(), rx, [](auto) {}, std::nullopt);
}

TEST_F(mpsc_permit, dropping_last_permit_iterator_wakes_closed_receiver) {
    auto [tx, rx] = mpsc<int>(3);
    last_permit_wakes_closed_receiver(*tx.try_reserve_many(3), rx, [](auto) {}, std::nullopt);
}

TEST_F(mpsc_permit, sending_last_permit_wakes_closed_receiver) {
    auto [tx, rx] = mpsc<int>(1);
    last_permit_wakes_closed_receiver(*tx.try_reserve(), rx, [](auto p) { p.send(5); }, 5);
}

TEST_F(mpsc_permit, releasing_last_owned_permit_wakes_closed_receiver) {
    auto [tx, rx] = mpsc<int>(1);
    last_permit_wakes_closed_receiver(
        *tx.try_reserve(), rx, [](auto p) { EXPECT_TRUE(p.release().is_closed()); }, std::nullopt);
}

TEST_F(mpsc_permit, dropping_last_owned_permit_wakes_closed_receiver) {
    auto [tx, rx] = mpsc<int>(1);
    auto permit = tx.try_reserve();
    { auto gone = std::move(tx); }
    last_permit_wakes_closed_receiver(*std::move(permit), rx, [](auto) {}, std::nullopt);
}

TEST_F(mpsc_permit, sending_last_owned_permit_wakes_closed_receiver) {
    auto [tx, rx] = mpsc<int>(1);
    auto permit = tx.try_reserve();
    { auto gone = std::move(tx); }
    last_permit_wakes_closed_receiver(*std::move(permit), rx, [](auto p) { p.send(5); }, 5);
    EXPECT_EQ(rx.blocking_recv(), std::nullopt);
}

TEST_F(mpsc_permit, the_last_one_ends_a_channel_that_has_no_sender) {
    auto [tx, rx] = mpsc<int>(1);
    auto permit = tx.try_reserve();
    { auto gone = std::move(tx); }
    auto receiving = test::by_hand(rx.recv());
    EXPECT_FALSE(receiving.poll());
    { auto gone = std::move(permit); }
    EXPECT_EQ(receiving.wakes(), 1);
    EXPECT_EQ(receiving.take(), std::nullopt);
}

TEST_F(mpsc_permit, a_permit_outlives_its_sender) {
    auto [tx, rx] = mpsc<int>(1);
    auto permit = tx.try_reserve();
    { auto gone = std::move(tx); }
    EXPECT_FALSE(rx.is_closed());
    auto again = permit->release();
    EXPECT_THROW(permit->send(1), std::logic_error);
    EXPECT_TRUE(again.try_send(2).has_value());
    EXPECT_EQ(rx.blocking_recv(), 2);
}

TEST_F(mpsc_permit, try_recv_after_receiver_close_with_permit) {
    auto [tx, rx] = mpsc<int>(5);
    auto permit = tx.try_reserve();
    rx.close();
    EXPECT_EQ(rx.try_recv().error(), try_recv_error::empty);
    { auto gone = std::move(permit); }
    EXPECT_EQ(rx.try_recv().error(), try_recv_error::closed);
}

TEST_F(mpsc_permit, one_that_sends_after_the_receiver_is_gone_frees_the_value) {
    auto value = std::make_shared<int>(1);
    {
        auto [tx, rx] = mpsc<std::shared_ptr<int>>(1);
        auto permit = tx.try_reserve();
        { auto gone = std::move(rx); }
        permit->send(value);
    }
    EXPECT_EQ(value.use_count(), 1);
}

TEST_F(mpsc_permit, test_tx_capacity) {
    auto [tx, rx] = mpsc<int>(10);
    EXPECT_EQ(tx.capacity(), 10U);
    auto permit = tx.try_reserve();
    EXPECT_EQ(tx.capacity(), 9U);
    permit->send(1);
    EXPECT_EQ(tx.capacity(), 9U);
    EXPECT_TRUE(tx.try_send(2).has_value());
    EXPECT_EQ(tx.capacity(), 8U);
    EXPECT_EQ(tx.max_capacity(), 10U);
    EXPECT_EQ(rx.max_capacity(), 10U);
    static_cast<void>(rx.try_recv());
    EXPECT_EQ(rx.capacity(), 9U);
}

static_assert(edo::owning<edo::sync::mpsc_permit<int>>);
static_assert(edo::sendable<edo::sync::mpsc_permits<int>>);

/// Its value is gone.
TEST_F(mpsc_permit, a_send_that_has_ended_cannot_be_awaited_again) {
    auto rt = edo::runtime::current_thread().build();
    rt.block_on([]() -> edo::task<> {
        auto [tx, rx] = mpsc<int>(2);
        auto sending = tx.send(1);
        const auto sent = co_await sending;
        EXPECT_TRUE(sent.has_value());
        EXPECT_THROW(static_cast<void>(co_await sending), std::logic_error);
        EXPECT_EQ(rx.try_recv(), 1);
        EXPECT_EQ(rx.try_recv().error(), try_recv_error::empty);
    }());
}

}  // namespace
