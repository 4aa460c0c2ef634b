// After tokio/tests/sync_mpsc.rs and sync_mpsc_weak.rs: what a channel says about itself.
#include <edo/edo.hpp>
#include <edo/sync/mpsc.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <utility>

#include "support/poll.hpp"
#include "support/runtime_fixture.hpp"

namespace {

namespace test = edo::test;
using edo::sync::mpsc;
using edo::sync::mpsc_sender;
using edo::sync::mpsc_unbounded;
using edo::sync::mpsc_unbounded_sender;

struct bounded {
    static auto make() { return mpsc<int>(300); }
    static bool send(const mpsc_sender<int>& tx, int value) {
        return tx.try_send(value).has_value();
    }
};
struct unbounded {
    static auto make() { return mpsc_unbounded<int>(); }
    static bool send(const mpsc_unbounded_sender<int>& tx, int value) {
        return tx.send(value).has_value();
    }
};

template <class Kind>
class mpsc_state : public test::leak_check {};
using kinds = testing::Types<bounded, unbounded>;
TYPED_TEST_SUITE(mpsc_state, kinds);
class mpsc_state_of_permits : public test::leak_check {};

template <class T>
void drop(T&& end) {
    [[maybe_unused]] auto gone = std::forward<T>(end);
}

TYPED_TEST(mpsc_state, test_rx_is_closed_when_calling_close_with_sender) {
    auto [tx, rx] = TypeParam::make();
    EXPECT_FALSE(rx.is_closed());
    rx.close();
    EXPECT_TRUE(rx.is_closed());
    EXPECT_TRUE(tx.is_closed());
}

/// However many of the values have been received before.
TYPED_TEST(mpsc_state, ends_after_close_when_it_is_drained) {
    for (int before = 0; before <= 100; before += 20) {
        auto [tx, rx] = TypeParam::make();
        const std::size_t places = rx.capacity();
        for (int i = 0; i < 100; ++i) { EXPECT_TRUE(TypeParam::send(tx, i)); }
        for (int i = 0; i < before; ++i) { EXPECT_EQ(rx.blocking_recv(), i); }
        EXPECT_EQ(rx.capacity(), places - (100 - static_cast<std::size_t>(before)));
        rx.close();
        for (int i = before; i < 100; ++i) { EXPECT_EQ(rx.blocking_recv(), i); }
        EXPECT_EQ(rx.blocking_recv(), std::nullopt);
        EXPECT_EQ(rx.try_recv().error(), edo::sync::try_recv_error::closed);
    }
}

TYPED_TEST(mpsc_state, test_rx_is_closed_when_dropping_all_senders) {
    auto [tx, rx] = TypeParam::make();
    auto copy = tx;
    drop(std::move(tx));
    EXPECT_FALSE(rx.is_closed());
    drop(std::move(copy));
    EXPECT_TRUE(rx.is_closed());
}

TYPED_TEST(mpsc_state, test_rx_is_closed_when_there_are_no_senders_and_there_are_messages) {
    auto [tx, rx] = TypeParam::make();
    EXPECT_TRUE(TypeParam::send(tx, 1));
    EXPECT_FALSE(rx.is_closed());
    drop(std::move(tx));
    EXPECT_TRUE(rx.is_closed());
    EXPECT_EQ(rx.blocking_recv(), 1);
}

TYPED_TEST(mpsc_state, test_rx_is_closed_when_there_are_messages_and_close_is_called) {
    auto [tx, rx] = TypeParam::make();
    EXPECT_TRUE(TypeParam::send(tx, 1));
    rx.close();
    EXPECT_TRUE(rx.is_closed());
}

TEST_F(mpsc_state_of_permits, test_rx_is_not_closed_when_there_are_permits_but_not_senders) {
    auto [tx, rx] = mpsc<int>(10);
    auto permit = tx.try_reserve();
    drop(std::move(tx));
    EXPECT_FALSE(rx.is_closed());
    drop(std::move(permit));
    EXPECT_TRUE(rx.is_closed());
}

TYPED_TEST(mpsc_state, test_rx_is_closed_when_dropping_all_senders_except_weak_senders) {
    auto [tx, rx] = TypeParam::make();
    auto weak = tx.downgrade();
    drop(std::move(tx));
    EXPECT_TRUE(rx.is_closed());
    EXPECT_FALSE(weak.upgrade().has_value());
}

TYPED_TEST(mpsc_state, test_rx_is_empty_and_len) {
    auto [tx, rx] = TypeParam::make();
    EXPECT_TRUE(rx.empty());
    EXPECT_EQ(rx.len(), 0U);
    for (std::size_t i = 1; i <= 10; ++i) {
        EXPECT_TRUE(TypeParam::send(tx, 1));
        EXPECT_FALSE(rx.empty());
        EXPECT_EQ(rx.len(), i);
    }
    for (std::size_t i = 10; i > 0; --i) {
        EXPECT_EQ(rx.len(), i);
        EXPECT_FALSE(rx.empty());
        EXPECT_TRUE(rx.try_recv().has_value());
    }
    EXPECT_TRUE(rx.empty());
    drop(std::move(tx));
    EXPECT_TRUE(rx.empty());
    EXPECT_EQ(rx.len(), 0U);
}

TYPED_TEST(mpsc_state, test_rx_len_when_close_is_called_and_senders_go) {
    auto [tx, rx] = TypeParam::make();
    EXPECT_TRUE(TypeParam::send(tx, 1));
    EXPECT_TRUE(TypeParam::send(tx, 2));
    rx.close();
    EXPECT_EQ(rx.len(), 2U);
    drop(std::move(tx));
    EXPECT_EQ(rx.len(), 2U);
    EXPECT_EQ(rx.blocking_recv(), 1);
    EXPECT_EQ(rx.len(), 1U);
    EXPECT_EQ(rx.blocking_recv(), 2);
    EXPECT_TRUE(rx.empty());
    EXPECT_EQ(rx.blocking_recv(), std::nullopt);
    EXPECT_EQ(rx.len(), 0U);
}

TEST_F(mpsc_state_of_permits, test_rx_when_the_buffer_is_full) {
    auto [tx, rx] = mpsc<int>(10);
    for (int i = 0; i < 10; ++i) { EXPECT_TRUE(tx.try_send(i).has_value()); }
    EXPECT_TRUE(tx.try_send(10).error().is_full());
    EXPECT_FALSE(rx.is_closed());
    EXPECT_FALSE(rx.empty());
    EXPECT_EQ(rx.len(), 10U);
    drop(std::move(tx));
    EXPECT_TRUE(rx.is_closed());
    EXPECT_FALSE(rx.empty());
    for (std::size_t left = 10; left > 0; --left) {
        EXPECT_EQ(rx.len(), left);
        EXPECT_TRUE(rx.try_recv().has_value());
    }
    EXPECT_TRUE(rx.empty());
    EXPECT_EQ(rx.len(), 0U);
}

TYPED_TEST(mpsc_state, test_rx_len_when_close_is_called_after_dropping_sender) {
    auto [tx, rx] = TypeParam::make();
    EXPECT_TRUE(TypeParam::send(tx, 1));
    drop(std::move(tx));
    EXPECT_EQ(rx.len(), 1U);
    rx.close();
    EXPECT_EQ(rx.len(), 1U);
    EXPECT_FALSE(rx.empty());
    EXPECT_EQ(rx.blocking_recv(), 1);
    EXPECT_EQ(rx.len(), 0U);
}

TYPED_TEST(mpsc_state, test_is_empty_32_msgs) {
    auto [tx, rx] = TypeParam::make();
    for (int value = 1; value < 257; ++value) {
        EXPECT_TRUE(TypeParam::send(tx, value));
        EXPECT_FALSE(rx.empty());
    }
    for (int value = 1; value < 257; ++value) {
        EXPECT_FALSE(rx.empty());
        EXPECT_EQ(rx.blocking_recv(), value);
    }
    EXPECT_TRUE(rx.empty());
}

TYPED_TEST(mpsc_state, release_waker_on_rx_drop) {
    auto [tx, rx] = TypeParam::make();
    auto receiving = test::by_hand(rx.recv());
    EXPECT_FALSE(receiving.poll());
    receiving.drop();
    drop(std::move(rx));
    drop(std::move(tx));
    EXPECT_FALSE(receiving.is_woken());
}

TYPED_TEST(mpsc_state, a_receive_that_was_dropped_loses_nothing) {
    auto [tx, rx] = TypeParam::make();
    auto first = test::by_hand(rx.recv());
    EXPECT_FALSE(first.poll());
    EXPECT_TRUE(TypeParam::send(tx, 1));
    EXPECT_TRUE(first.is_woken());
    first.drop();
    auto second = test::by_hand(rx.recv());
    EXPECT_TRUE(second.poll());
    EXPECT_EQ(second.take(), 1);
}

TYPED_TEST(mpsc_state, same_channel) {
    auto [tx, rx] = TypeParam::make();
    auto [other, other_rx] = TypeParam::make();
    auto copy = tx;
    EXPECT_TRUE(tx.same_channel(copy));
    EXPECT_FALSE(tx.same_channel(other));
    copy = other;
    EXPECT_TRUE(copy.same_channel(other));
    EXPECT_EQ(tx.strong_count(), 1U);
    EXPECT_EQ(other.strong_count(), 2U);
}

TYPED_TEST(mpsc_state, downgrade_upgrade_sender_success) {
    auto [tx, rx] = TypeParam::make();
    auto weak = tx.downgrade();
    EXPECT_TRUE(weak.upgrade().has_value());
    EXPECT_TRUE(TypeParam::send(*weak.upgrade(), 1));
    EXPECT_EQ(rx.blocking_recv(), 1);
}

TYPED_TEST(mpsc_state, downgrade_upgrade_sender_failure) {
    auto [tx, rx] = TypeParam::make();
    auto weak = tx.downgrade();
    drop(std::move(tx));
    EXPECT_FALSE(weak.upgrade().has_value());
    EXPECT_EQ(rx.blocking_recv(), std::nullopt);
}

TYPED_TEST(mpsc_state, downgrade_drop_upgrade) {
    auto [tx, rx] = TypeParam::make();
    auto weak = tx.downgrade();
    auto copy = tx;
    drop(std::move(tx));
    EXPECT_TRUE(weak.upgrade().has_value());
    drop(std::move(copy));
    EXPECT_FALSE(weak.upgrade().has_value());
    drop(std::move(rx));
    EXPECT_EQ(weak.strong_count(), 0U);  // a weak sender may be the last end of all
}

TEST_F(mpsc_state_of_permits, downgrade_get_permit_upgrade_no_senders) {
    auto [tx, rx] = mpsc<int>(1);
    auto weak = tx.downgrade();
    auto permit = tx.try_reserve();
    drop(std::move(tx));
    EXPECT_TRUE(weak.upgrade().has_value());
    drop(std::move(permit));
    EXPECT_FALSE(weak.upgrade().has_value());
}

TEST_F(mpsc_state_of_permits, downgrade_upgrade_get_permit_no_senders) {
    auto [tx, rx] = mpsc<int>(1);
    auto copy = tx;
    auto permit = tx.try_reserve();
    drop(std::move(tx));
    auto weak = copy.downgrade();
    drop(std::move(copy));
    EXPECT_TRUE(weak.upgrade().has_value());
}

TYPED_TEST(mpsc_state, weak_sender) {
    for (unsigned workers : {0U, 1U, 2U, 4U}) {
        auto rt = test::builder_of({"", workers}).build();
        rt.block_on([]() -> edo::task<> {
            auto [tx, rx] = TypeParam::make();
            auto handle = edo::spawn(
                [](decltype(tx) end) -> edo::task<decltype(tx.downgrade())> {
                    auto weak = end.downgrade();
                    for (int i = 0; i < 10; ++i) { EXPECT_TRUE(TypeParam::send(end, i)); }
                    auto again = weak.upgrade();
                    EXPECT_TRUE(TypeParam::send(*again, 20));
                    co_return again->downgrade();
                },
                std::move(tx));
            auto weak = co_await handle;
            for (int expected : {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 20}) {
                auto value = co_await rx.recv();
                EXPECT_EQ(value, expected);
            }
            auto end = co_await rx.recv();
            EXPECT_EQ(end, std::nullopt);
            EXPECT_FALSE(weak.upgrade().has_value());
        }());
    }
}

TYPED_TEST(mpsc_state, sender_strong_and_weak_count) {
    auto [tx, rx] = TypeParam::make();
    EXPECT_EQ(tx.strong_count(), 1U);
    EXPECT_EQ(tx.weak_count(), 0U);
    auto weak = tx.downgrade();
    auto copy = tx;
    auto weak_copy = weak;
    EXPECT_EQ(tx.strong_count(), 2U);
    EXPECT_EQ(weak.strong_count(), 2U);
    EXPECT_EQ(rx.sender_strong_count(), 2U);
    EXPECT_EQ(tx.weak_count(), 2U);
    EXPECT_EQ(weak.weak_count(), 2U);
    EXPECT_EQ(rx.sender_weak_count(), 2U);
    drop(std::move(copy));
    drop(std::move(weak_copy));
    EXPECT_EQ(rx.sender_strong_count(), 1U);
    EXPECT_EQ(rx.sender_weak_count(), 1U);
}

TYPED_TEST(mpsc_state, actor_weak_sender) {
    // An actor that can write to itself ends when the others are gone.
    auto rt = edo::runtime::multi_thread().worker_threads(2).build();
    rt.block_on([]() -> edo::task<> {
        auto [tx, rx] = TypeParam::make();
        auto weak = tx.downgrade();
        auto handle = edo::spawn(
            [](decltype(rx) inbox, decltype(weak) self) -> edo::task<int> {
                int seen = 0;
                while (auto value = co_await inbox.recv()) {
                    ++seen;
                    auto me = self.upgrade();
                    if (*value > 0 && me) { EXPECT_TRUE(TypeParam::send(*me, *value - 1)); }
                }
                co_return seen;
            },
            std::move(rx), weak);
        EXPECT_TRUE(TypeParam::send(tx, 0));
        EXPECT_TRUE(TypeParam::send(tx, 0));
        drop(std::move(tx));
        const int seen = co_await handle;
        EXPECT_EQ(seen, 2);
    }());
}

}  // namespace
