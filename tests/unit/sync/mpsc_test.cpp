// After tokio/tests/sync_mpsc.rs: sending and receiving.
#include <edo/edo.hpp>
#include <edo/sync/mpsc.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "support/poll.hpp"
#include "support/runtime_fixture.hpp"

namespace {

namespace test = edo::test;
using edo::sync::mpsc;
using edo::sync::mpsc_receiver;
using edo::sync::mpsc_sender;
using edo::sync::mpsc_unbounded;
using edo::sync::mpsc_unbounded_sender;
using edo::sync::try_recv_error;

/// Both kinds of channel behind one face; room for 300 values.
struct bounded {
    template <class T>
    static auto make() {
        return mpsc<T>(300);
    }
    template <class T>
    static bool send(const mpsc_sender<T>& tx, T value) {
        return tx.try_send(std::move(value)).has_value();
    }
};
struct unbounded {
    template <class T>
    static auto make() {
        return mpsc_unbounded<T>();
    }
    template <class T>
    static bool send(const mpsc_unbounded_sender<T>& tx, T value) {
        return tx.send(std::move(value)).has_value();
    }
};

template <class Kind>
class mpsc_kinds : public testing::Test {};
using kinds = testing::Types<bounded, unbounded>;
TYPED_TEST_SUITE(mpsc_kinds, kinds);

TEST(mpsc, send_recv_with_buffer) {
    auto [tx, rx] = mpsc<int>(16);
    auto first = test::by_hand(tx.reserve());
    ASSERT_TRUE(first.poll());
    first.take()->send(1);
    EXPECT_TRUE(tx.try_send(2).has_value());
    { auto gone = std::move(tx); }
    EXPECT_EQ(rx.blocking_recv(), 1);
    EXPECT_EQ(rx.blocking_recv(), 2);
    EXPECT_EQ(rx.blocking_recv(), std::nullopt);
}

TYPED_TEST(mpsc_kinds, send_recv) {
    auto [tx, rx] = TypeParam::template make<int>();
    EXPECT_TRUE(TypeParam::send(tx, 1));
    EXPECT_TRUE(TypeParam::send(tx, 2));
    EXPECT_EQ(rx.blocking_recv(), 1);
    EXPECT_EQ(rx.blocking_recv(), 2);
    auto receiving = test::by_hand(rx.recv());
    EXPECT_FALSE(receiving.poll());
    EXPECT_TRUE(TypeParam::send(tx, 3));
    EXPECT_EQ(receiving.wakes(), 1);
    EXPECT_EQ(receiving.take(), 3);
    { auto gone = std::move(tx); }
    EXPECT_EQ(rx.blocking_recv(), std::nullopt);
}

TEST(mpsc, async_send_recv_on_every_runtime) {
    for (unsigned workers : {0U, 1U, 2U, 4U}) {
        auto rt = test::builder_of({"", workers}).build();
        rt.block_on([]() -> edo::task<> {
            auto [tx, rx] = mpsc<std::pair<int, int>>(4);
            std::vector<edo::join_handle<void>> handles;
            for (int me = 0; me < 4; ++me) {
                handles.push_back(edo::spawn(
                    [](mpsc_sender<std::pair<int, int>> end, int id) -> edo::task<> {
                        for (int i = 0; i < 200; ++i) {
                            auto sent = co_await end.send(std::pair(id, i));
                            EXPECT_TRUE(sent.has_value());
                        }
                    },
                    tx, me));
            }
            { auto gone = std::move(tx); }
            std::vector<int> next(4);
            while (auto value = co_await rx.recv()) {
                EXPECT_EQ(value->second, next[static_cast<std::size_t>(value->first)]++);
            }
            EXPECT_EQ(next, std::vector<int>(4, 200));
            for (auto& handle : handles) { co_await handle; }
        }());
    }
}

TEST(mpsc, async_send_recv_unbounded) {
    for (unsigned workers : {0U, 1U, 2U, 4U}) {
        auto rt = test::builder_of({"", workers}).build();
        rt.block_on([]() -> edo::task<> {
            auto [tx, rx] = mpsc_unbounded<int>();
            auto handle = edo::spawn(
                [](mpsc_unbounded_sender<int> end) -> edo::task<> {
                    for (int i = 0; i < 500; ++i) {
                        EXPECT_TRUE(end.send(i).has_value());
                        if (i % 10 == 0) { co_await edo::yield_now(); }
                    }
                },
                std::move(tx));
            int next = 0;
            while (auto value = co_await rx.recv()) { EXPECT_EQ(*value, next++); }
            EXPECT_EQ(next, 500);
            co_await handle;
        }());
    }
}

TEST(mpsc, async_send_recv_many_with_buffer) {
    for (unsigned workers : {0U, 1U, 2U, 4U}) {
        auto rt = test::builder_of({"", workers}).build();
        rt.block_on([]() -> edo::task<> {
            auto [tx, rx] = mpsc<int>(2);
            auto handle = edo::spawn(
                [](mpsc_sender<int> end) -> edo::task<> {
                    for (int i = 0; i < 7; ++i) {
                        auto sent = co_await end.send(i);
                        EXPECT_TRUE(sent.has_value());
                    }
                },
                std::move(tx));
            std::vector<int> got;
            for (std::size_t last = 1; last != 0;) {
                last = co_await rx.recv_many(got, 10);
                EXPECT_LE(last, 2U);
            }
            EXPECT_EQ(got, (std::vector<int>{0, 1, 2, 3, 4, 5, 6}));
            co_await handle;
        }());
    }
}

TYPED_TEST(mpsc_kinds, recv_many) {
    auto [tx, rx] = TypeParam::template make<int>();
    std::vector<int> buffer{-1};
    EXPECT_EQ(rx.blocking_recv_many(buffer, 0), 0U);
    for (int i = 0; i < 100; ++i) { EXPECT_TRUE(TypeParam::send(tx, i)); }
    EXPECT_EQ(rx.blocking_recv_many(buffer, 7), 7U);
    EXPECT_EQ(buffer, (std::vector<int>{-1, 0, 1, 2, 3, 4, 5, 6}));
    buffer.clear();
    buffer.reserve(93);
    const auto* const storage = buffer.data();
    EXPECT_EQ(rx.blocking_recv_many(buffer, 1000), 93U);
    EXPECT_EQ(buffer.data(), storage);
    EXPECT_EQ(buffer.back(), 99);
    { auto gone = std::move(tx); }
    EXPECT_EQ(rx.blocking_recv_many(buffer, 1), 0U);
    EXPECT_EQ(buffer.size(), 93U);
    EXPECT_EQ(rx.capacity(), rx.max_capacity());
}

TYPED_TEST(mpsc_kinds, recv_many_with_non_empty_buffer_rx_closed_and_idle) {
    auto [tx, rx] = TypeParam::template make<int>();
    rx.close();
    std::vector<int> buffer{1, 2};
    EXPECT_EQ(rx.blocking_recv_many(buffer, 4), 0U);
    EXPECT_EQ(buffer, (std::vector<int>{1, 2}));
}

TEST(mpsc, recv_many_waits_for_the_first) {
    auto [tx, rx] = mpsc<int>(4);
    std::vector<int> buffer;
    auto receiving = test::by_hand(rx.recv_many(buffer, 10));
    EXPECT_FALSE(receiving.poll());
    EXPECT_TRUE(tx.try_send(1).has_value());
    EXPECT_TRUE(tx.try_send(2).has_value());
    EXPECT_EQ(receiving.wakes(), 1);
    EXPECT_EQ(receiving.take(), 2U);
}

TEST(mpsc, buffer_gteq_one) {
    EXPECT_THROW(static_cast<void>(mpsc<int>(0)), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(mpsc<int>(SIZE_MAX)), std::invalid_argument);
}

TEST(mpsc, start_send_past_cap) {
    auto [tx1, rx] = mpsc<int>(1);
    auto tx2 = tx1;
    EXPECT_TRUE(tx1.try_send(1).has_value());
    auto first = test::by_hand(tx1.reserve());
    auto second = test::by_hand(tx2.reserve());
    EXPECT_FALSE(first.poll());
    EXPECT_FALSE(second.poll());
    first.drop();
    EXPECT_EQ(rx.blocking_recv(), 1);
    EXPECT_TRUE(second.is_woken());
    EXPECT_FALSE(first.is_woken());
    second.drop();
    { auto gone = std::move(tx1); }
    { auto gone = std::move(tx2); }
    EXPECT_EQ(rx.blocking_recv(), std::nullopt);
}

TEST(mpsc, send_recv_buffer_limited) {
    auto [tx, rx] = mpsc<int>(1);
    auto first = test::by_hand(tx.reserve());
    ASSERT_TRUE(first.poll());
    auto permit = first.take();
    auto second = test::by_hand(tx.reserve());
    EXPECT_FALSE(second.poll());
    permit->send(1);
    EXPECT_FALSE(second.is_woken());
    EXPECT_EQ(rx.blocking_recv(), 1);
    EXPECT_TRUE(second.is_woken());
    EXPECT_TRUE(tx.try_send(1337).error().is_full());
    second.take()->send(2);
    EXPECT_EQ(rx.blocking_recv(), 2);
}

TEST(mpsc, waiting_sends_are_served_in_order) {
    auto [tx, rx] = mpsc<int>(1);
    EXPECT_TRUE(tx.try_send(0).has_value());
    auto a = test::by_hand(tx.send(1));
    auto b = test::by_hand(tx.send(2));
    EXPECT_FALSE(a.poll());
    EXPECT_FALSE(b.poll());
    EXPECT_EQ(rx.blocking_recv(), 0);
    EXPECT_TRUE(a.is_woken());
    EXPECT_FALSE(b.is_woken());
    EXPECT_TRUE(a.take().has_value());
    EXPECT_EQ(rx.blocking_recv(), 1);
    EXPECT_TRUE(b.is_woken());
    b.drop();
    EXPECT_EQ(tx.capacity(), 1U);
}

TEST(mpsc, recv_close_gets_none_idle) {
    auto [tx, rx] = mpsc<int>(10);
    rx.close();
    EXPECT_EQ(rx.blocking_recv(), std::nullopt);
    auto sending = test::by_hand(tx.send(1));
    EXPECT_TRUE(sending.poll());
    EXPECT_EQ(sending.take().error().value(), 1);
}

TYPED_TEST(mpsc_kinds, what_was_sent_before_close_is_received) {
    auto [tx, rx] = TypeParam::template make<int>();
    EXPECT_TRUE(TypeParam::send(tx, 1));
    rx.close();
    EXPECT_FALSE(TypeParam::send(tx, 2));
    EXPECT_EQ(rx.blocking_recv(), 1);
    EXPECT_EQ(rx.blocking_recv(), std::nullopt);
}

TYPED_TEST(mpsc_kinds, tx_close_gets_none) {
    auto [tx, rx] = TypeParam::template make<int>();
    auto receiving = test::by_hand(rx.recv());
    EXPECT_FALSE(receiving.poll());
    auto copy = tx;
    { auto gone = std::move(tx); }
    EXPECT_FALSE(receiving.is_woken());
    { auto gone = std::move(copy); }
    EXPECT_EQ(receiving.wakes(), 1);
    EXPECT_EQ(receiving.take(), std::nullopt);
}

TEST(mpsc, dropping_rx_closes_channel) {
    auto [tx, rx] = mpsc<std::shared_ptr<int>>(100);
    auto message = std::make_shared<int>(1);
    EXPECT_TRUE(tx.try_send(message).has_value());
    auto closing = test::by_hand(tx.closed());
    EXPECT_FALSE(closing.poll());
    { auto gone = std::move(rx); }
    EXPECT_TRUE(closing.is_woken());
    EXPECT_TRUE(tx.is_closed());
    auto reserving = test::by_hand(tx.reserve());
    EXPECT_TRUE(reserving.poll());
    EXPECT_FALSE(reserving.take().has_value());
    EXPECT_TRUE(tx.try_send(message).error().is_closed());
    EXPECT_EQ(message.use_count(), 1);
}

TYPED_TEST(mpsc_kinds, unconsumed_messages_are_dropped) {
    auto message = std::make_shared<int>(1);
    {
        auto [tx, rx] = TypeParam::template make<std::shared_ptr<int>>();
        for (int i = 0; i < 70; ++i) { EXPECT_TRUE(TypeParam::send(tx, message)); }
        EXPECT_EQ(message.use_count(), 71);
    }
    EXPECT_EQ(message.use_count(), 1);
}

TYPED_TEST(mpsc_kinds, test_msgs_dropped_on_rx_drop) {
    auto message = std::make_shared<int>(1);
    auto [tx, rx] = TypeParam::template make<std::shared_ptr<int>>();
    for (int i = 0; i < 70; ++i) { EXPECT_TRUE(TypeParam::send(tx, message)); }
    { auto gone = std::move(rx); }
    EXPECT_EQ(message.use_count(), 1);
    EXPECT_FALSE(TypeParam::send(tx, message));
    EXPECT_EQ(message.use_count(), 1);
}

TYPED_TEST(mpsc_kinds, a_value_that_holds_the_last_sender_is_dropped_with_the_receiver) {
    struct message;
    using sender =
        std::decay_t<decltype(TypeParam::template make<std::shared_ptr<message>>().first)>;
    struct message {
        sender to;
    };
    auto [tx, rx] = TypeParam::template make<std::shared_ptr<message>>();
    EXPECT_TRUE(TypeParam::send(tx, std::make_shared<message>(tx)));
    { auto gone = std::move(tx); }
    EXPECT_EQ(rx.sender_strong_count(), 1U);
}

TEST(mpsc, blocking_send_and_recv) {
    auto [tx, rx] = mpsc<int>(1);
    std::thread sender(
        [](mpsc_sender<int> end) {
            for (int i = 0; i < 1000; ++i) { EXPECT_TRUE(end.blocking_send(i).has_value()); }
        },
        std::move(tx));
    for (int i = 0; i < 1000; ++i) { EXPECT_EQ(rx.blocking_recv(), i); }
    EXPECT_EQ(rx.blocking_recv(), std::nullopt);
    sender.join();
}

TEST(mpsc, blocking_recv_async_and_blocking_send_async) {
    auto rt = edo::runtime::current_thread().build();
    rt.block_on([]() -> edo::task<> {
        auto [tx, rx] = mpsc<int>(1);
        EXPECT_THROW(static_cast<void>(rx.blocking_recv()), std::logic_error);
        EXPECT_THROW(static_cast<void>(tx.blocking_send(1)), std::logic_error);
        co_return;
    }());
}

TYPED_TEST(mpsc_kinds, try_recv) {
    auto [tx, rx] = TypeParam::template make<int>();
    EXPECT_EQ(rx.try_recv().error(), try_recv_error::empty);
    for (int round = 0; round < 5; ++round) {
        for (int i = 0; i < 60; ++i) { EXPECT_TRUE(TypeParam::send(tx, i)); }
        for (int i = 0; i < 60; ++i) { EXPECT_EQ(rx.try_recv().value(), i); }
        EXPECT_EQ(rx.try_recv().error(), try_recv_error::empty);
    }
    EXPECT_TRUE(TypeParam::send(tx, 1));
    { auto gone = std::move(tx); }
    EXPECT_EQ(rx.try_recv().value(), 1);
    EXPECT_EQ(rx.try_recv().error(), try_recv_error::closed);
}

TEST(mpsc, try_send_fail) {
    auto [tx, rx] = mpsc<int>(1);
    EXPECT_TRUE(tx.try_send(1).has_value());
    EXPECT_TRUE(tx.try_send(2).error().is_full());
    EXPECT_EQ(rx.try_recv().value(), 1);
    EXPECT_TRUE(tx.try_send(3).has_value());
    { auto gone = std::move(tx); }
    EXPECT_EQ(rx.blocking_recv(), 3);
    EXPECT_EQ(rx.blocking_recv(), std::nullopt);
}

TEST(mpsc, try_send_says_full) {
    auto [tx, rx] = mpsc<int>(2);
    EXPECT_TRUE(tx.try_send(1).has_value());
    EXPECT_TRUE(tx.try_send(2).has_value());
    auto result = tx.try_send(3);
    ASSERT_FALSE(result.has_value());
    EXPECT_TRUE(result.error().is_full());
    EXPECT_EQ(result.error().value(), 3);
    EXPECT_STREQ(result.error().what(), "no available capacity");
}

TYPED_TEST(mpsc_kinds, try_recv_after_receiver_close) {
    auto [tx, rx] = TypeParam::template make<int>();
    EXPECT_EQ(rx.try_recv().error(), try_recv_error::empty);
    rx.close();
    EXPECT_EQ(rx.try_recv().error(), try_recv_error::closed);
}

TYPED_TEST(mpsc_kinds, try_recv_close_while_empty) {
    auto [tx, rx] = TypeParam::template make<int>();
    EXPECT_EQ(rx.try_recv().error(), try_recv_error::empty);
    { auto gone = std::move(tx); }
    EXPECT_EQ(rx.try_recv().error(), try_recv_error::closed);
}

TEST(mpsc, recv_timeout) {
    auto rt = edo::runtime::current_thread().start_paused(true).build();
    rt.block_on([]() -> edo::task<> {
        using namespace std::chrono_literals;
        auto [tx, rx] = mpsc<int>(5);
        for (int i = 0; i < 5; ++i) {
            auto sent = co_await tx.send_timeout(i, 1s);
            EXPECT_TRUE(sent.has_value());
        }
        const auto begin = edo::clock::now();
        auto late = co_await tx.send_timeout(10, 1s);
        EXPECT_TRUE(!late && late.error().is_timeout() && late.error().value() == 10);
        EXPECT_EQ(edo::clock::now() - begin, 1s);
        EXPECT_EQ(tx.capacity(), 0U);
        { auto gone = std::move(rx); }
        auto closed = co_await tx.send_timeout(11, 1s);
        EXPECT_TRUE(!closed && closed.error().is_closed() && closed.error().value() == 11);
    }());
}

TEST(mpsc, an_endless_ready_loop_yields) {
    auto rt = edo::runtime::current_thread().build();
    rt.block_on([]() -> edo::task<> {
        auto stop = std::make_shared<bool>(false);
        auto handle = edo::spawn(
            [](std::shared_ptr<bool> flag) -> edo::task<> {
                *flag = true;
                co_return;
            },
            stop);
        auto [tx, rx] = mpsc<int>(1);
        while (!*stop) {
            EXPECT_TRUE(tx.try_send(1).has_value());
            static_cast<void>(co_await rx.recv());
        }
        co_await handle;
    }());
}

class throws_when_moved {
public:
    explicit throws_when_moved(int value) : value_(value) {}
    throws_when_moved(throws_when_moved&& other) noexcept(false) : value_(other.value_) {
        if (armed-- == 1) { throw std::runtime_error("moved"); }
    }
    [[nodiscard]] int value() const { return value_; }
    static inline int armed = 0;

private:
    int value_;
};

TEST(mpsc, a_move_that_throws_leaves_the_channel_whole) {
    auto [tx, rx] = mpsc_unbounded<throws_when_moved>();
    EXPECT_TRUE(tx.send(throws_when_moved(1)).has_value());
    throws_when_moved::armed = 1;
    EXPECT_THROW(static_cast<void>(tx.send(throws_when_moved(2))), std::runtime_error);
    throws_when_moved::armed = 0;
    EXPECT_TRUE(tx.send(throws_when_moved(3)).has_value());
    EXPECT_EQ(rx.try_recv()->value(), 1);
    EXPECT_EQ(rx.try_recv()->value(), 3);
    EXPECT_EQ(rx.try_recv().error(), try_recv_error::empty);
}

/// An error that may be thrown, kept and sent to another thread.
template <class Error>
inline constexpr bool is_error_object =
    std::is_base_of_v<std::exception, Error> && std::is_copy_constructible_v<Error> &&
    edo::sendable<Error> && edo::owning<Error>;
static_assert(is_error_object<edo::sync::send_error<int>>);
static_assert(is_error_object<edo::sync::try_send_error<int>>);
static_assert(is_error_object<edo::sync::try_reserve_error>);
static_assert(edo::sendable<mpsc_sender<int>> && edo::owning<mpsc_sender<int>>);
static_assert(edo::owning<mpsc_receiver<std::string>>);
static_assert(!edo::owning<mpsc_receiver<std::string_view>>);
static_assert(!edo::owning<edo::sync::weak_mpsc_sender<int*>>);
static_assert(!std::is_copy_constructible_v<mpsc_receiver<int>>);

}  // namespace
