// After tokio/tests/sync_oneshot.rs.
#include <edo/edo.hpp>
#include <edo/sync/oneshot.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "support/poll.hpp"
#include "support/runtime_fixture.hpp"

namespace {

namespace test = edo::test;

using edo::sync::oneshot;
using edo::sync::try_recv_error;

TEST(oneshot, send_recv) {
    auto [tx, rx] = oneshot<int>();
    auto waiting = test::by_hand(rx);
    EXPECT_FALSE(waiting.poll());
    EXPECT_TRUE(tx.send(1).has_value());
    EXPECT_EQ(waiting.wakes(), 1);
    EXPECT_TRUE(waiting.poll());
    EXPECT_EQ(waiting.take().value(), 1);
    EXPECT_TRUE(rx.is_terminated());
}

TEST(oneshot, async_send_recv) {
    auto rt = edo::runtime::current_thread().build();
    const int got = rt.block_on([]() -> edo::task<int> {
        auto [tx, rx] = oneshot<int>();
        auto sent = tx.send(1);
        EXPECT_TRUE(sent.has_value());
        auto result = co_await rx;
        co_return *result;
    }());
    EXPECT_EQ(got, 1);
}

TEST(oneshot, sends_between_tasks_on_every_runtime) {
    for (unsigned workers : {0U, 1U, 2U, 4U}) {
        auto rt = test::builder_of({"", workers}).build();
        rt.block_on([]() -> edo::task<> {
            for (int i = 0; i < 200; ++i) {
                auto [tx, rx] = oneshot<std::unique_ptr<int>>();
                auto handle = edo::spawn(
                    [](edo::sync::oneshot_sender<std::unique_ptr<int>> end,
                       int value) -> edo::task<> {
                        auto sent = end.send(std::make_unique<int>(value));
                        EXPECT_TRUE(sent.has_value());
                        co_return;
                    },
                    std::move(tx), i);
                auto result = co_await std::move(rx);
                EXPECT_EQ(**result, i);
                co_await handle;
            }
        }());
    }
}

TEST(oneshot, close_tx) {
    auto [tx, rx] = oneshot<int>();
    auto waiting = test::by_hand(rx);
    EXPECT_FALSE(waiting.poll());
    { auto gone = std::move(tx); }
    EXPECT_TRUE(waiting.is_woken());
    EXPECT_TRUE(waiting.poll());
    EXPECT_FALSE(waiting.take().has_value());
}

TEST(oneshot, close_rx) {
    auto [tx, rx] = oneshot<int>();
    auto closing = test::by_hand(tx.closed());
    EXPECT_FALSE(closing.poll());
    EXPECT_FALSE(tx.is_closed());
    { auto gone = std::move(rx); }
    EXPECT_TRUE(closing.is_woken());
    EXPECT_TRUE(tx.is_closed());
    EXPECT_TRUE(closing.poll());
    closing.take();
    EXPECT_EQ(tx.send(1).error(), 1);
}

TEST(oneshot, async_rx_closed) {
    for (unsigned workers : {0U, 1U, 2U, 4U}) {
        auto rt = test::builder_of({"", workers}).build();
        rt.block_on([]() -> edo::task<> {
            auto [tx, rx] = oneshot<int>();
            auto handle = edo::spawn(
                [](edo::sync::oneshot_receiver<int>) -> edo::task<> { co_return; }, std::move(rx));
            co_await tx.closed();
            EXPECT_TRUE(tx.is_closed());
            co_await handle;
        }());
    }
}

TEST(oneshot, explicit_close_poll) {
    {  // First, with a message sent
        auto [tx, rx] = oneshot<int>();
        EXPECT_TRUE(tx.send(1).has_value());
        rx.close();
        auto waiting = test::by_hand(rx);
        EXPECT_TRUE(waiting.poll());
        EXPECT_EQ(waiting.take().value(), 1);
    }
    {  // Second, without the message sent
        auto [tx, rx] = oneshot<int>();
        auto closing = test::by_hand(tx.closed());
        EXPECT_FALSE(closing.poll());
        rx.close();
        EXPECT_TRUE(closing.is_woken());
        closing.take();
        EXPECT_TRUE(tx.is_closed());
        EXPECT_EQ(tx.send(1).error(), 1);
        auto waiting = test::by_hand(rx);
        EXPECT_TRUE(waiting.poll());
        EXPECT_FALSE(waiting.take().has_value());
    }
}

TEST(oneshot, explicit_close_try_recv) {
    {
        auto [tx, rx] = oneshot<int>();
        EXPECT_TRUE(tx.send(1).has_value());
        rx.close();
        EXPECT_EQ(rx.try_recv().value(), 1);
    }
    {
        auto [tx, rx] = oneshot<int>();
        rx.close();
        EXPECT_TRUE(tx.is_closed());
        EXPECT_EQ(rx.try_recv().error(), try_recv_error::closed);
    }
}

TEST(oneshot, close_try_recv_poll) {
    auto [tx, rx] = oneshot<int>();
    rx.close();
    EXPECT_EQ(rx.try_recv().error(), try_recv_error::closed);
    auto waiting = test::by_hand(rx);
    EXPECT_THROW(waiting.poll(), std::logic_error);
}

TEST(oneshot, close_after_recv) {
    auto [tx, rx] = oneshot<int>();
    EXPECT_TRUE(tx.send(17).has_value());
    EXPECT_EQ(rx.blocking_recv().value(), 17);
    rx.close();
}

TEST(oneshot, try_recv_after_completion) {
    auto [tx, rx] = oneshot<int>();
    EXPECT_EQ(rx.try_recv().error(), try_recv_error::empty);
    EXPECT_TRUE(tx.send(17).has_value());
    EXPECT_EQ(rx.try_recv().value(), 17);
    EXPECT_EQ(rx.try_recv().error(), try_recv_error::closed);
    rx.close();
}

TEST(oneshot, try_recv_after_completion_await) {
    auto [tx, rx] = oneshot<int>();
    EXPECT_TRUE(tx.send(17).has_value());
    auto waiting = test::by_hand(rx);
    EXPECT_TRUE(waiting.poll());
    EXPECT_EQ(waiting.take().value(), 17);
    EXPECT_EQ(rx.try_recv().error(), try_recv_error::closed);
    rx.close();
}

TEST(oneshot, drops_tasks) {
    auto [tx, rx] = oneshot<int>();
    auto sending = test::by_hand(tx.closed());
    auto receiving = test::by_hand(rx);
    EXPECT_FALSE(sending.poll());
    EXPECT_FALSE(receiving.poll());
    sending.drop();
    receiving.drop();
    rx.close();
    EXPECT_FALSE(tx.send(1).has_value());
    EXPECT_FALSE(sending.is_woken());
    EXPECT_FALSE(receiving.is_woken());
}

TEST(oneshot, receiver_changes_task) {
    auto [tx, rx] = oneshot<int>();
    auto first = test::by_hand(rx);
    EXPECT_FALSE(first.poll());
    first.drop();
    auto second = test::by_hand(rx);
    EXPECT_FALSE(second.poll());
    EXPECT_TRUE(tx.send(1).has_value());
    EXPECT_FALSE(first.is_woken());
    EXPECT_TRUE(second.is_woken());
    EXPECT_EQ(second.take().value(), 1);
}

TEST(oneshot, sender_changes_task) {
    auto [tx, rx] = oneshot<int>();
    auto first = test::by_hand(tx.closed());
    EXPECT_FALSE(first.poll());
    first.drop();
    auto second = test::by_hand(tx.closed());
    EXPECT_FALSE(second.poll());
    rx.close();
    EXPECT_FALSE(first.is_woken());
    EXPECT_TRUE(second.is_woken());
}

TEST(oneshot, receiver_is_terminated_and_empty) {
    auto [tx, rx] = oneshot<int>();
    EXPECT_TRUE(rx.is_empty());
    EXPECT_FALSE(rx.is_terminated());
    EXPECT_TRUE(tx.send(1).has_value());
    EXPECT_FALSE(rx.is_empty());
    EXPECT_TRUE(rx.try_recv().has_value());
    EXPECT_TRUE(rx.is_empty());
    EXPECT_TRUE(rx.is_terminated());
}

TEST(oneshot, receiver_is_terminated_drop) {
    auto [tx, rx] = oneshot<int>();
    { auto gone = std::move(tx); }
    EXPECT_FALSE(rx.is_terminated());
    auto waiting = test::by_hand(rx);
    EXPECT_TRUE(waiting.poll());
    EXPECT_FALSE(waiting.take().has_value());
    EXPECT_TRUE(rx.is_terminated());
}

TEST(oneshot, receiver_is_terminated_rx_close) {
    auto [tx, rx] = oneshot<int>();
    rx.close();
    EXPECT_FALSE(rx.is_terminated());
    auto waiting = test::by_hand(rx);
    EXPECT_TRUE(waiting.poll());
    EXPECT_FALSE(waiting.take().has_value());
    EXPECT_TRUE(rx.is_terminated());
}

TEST(oneshot, receiver_is_empty_drop) {
    auto [tx, rx] = oneshot<int>();
    { auto gone = std::move(tx); }
    EXPECT_TRUE(rx.is_empty());
    EXPECT_EQ(rx.try_recv().error(), try_recv_error::closed);
    EXPECT_TRUE(rx.is_empty());
}

TEST(oneshot, receiver_is_empty_rx_close) {
    auto [tx, rx] = oneshot<int>();
    rx.close();
    EXPECT_TRUE(rx.is_empty());
    EXPECT_FALSE(tx.send(1).has_value());
    EXPECT_TRUE(rx.is_empty());
}

TEST(oneshot, a_value_that_nobody_takes_is_destroyed_with_the_receiver) {
    auto value = std::make_shared<int>(1);
    auto [tx, rx] = oneshot<std::shared_ptr<int>>();
    EXPECT_TRUE(tx.send(value).has_value());
    EXPECT_EQ(value.use_count(), 2);
    { auto gone = std::move(rx); }
    EXPECT_EQ(value.use_count(), 1);
}

TEST(oneshot, a_refused_value_comes_back) {
    auto [tx, rx] = oneshot<std::unique_ptr<std::string>>();
    { auto gone = std::move(rx); }
    auto result = tx.send(std::make_unique<std::string>("back"));
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(*result.error(), "back");
    EXPECT_THROW(static_cast<void>(tx.send(nullptr)), std::logic_error);
}

TEST(oneshot, of_void) {
    auto [tx, rx] = oneshot<void>();
    EXPECT_TRUE(tx.send().has_value());
    EXPECT_TRUE(rx.try_recv().has_value());
    auto [tx2, rx2] = oneshot<void>();
    { auto gone = std::move(rx2); }
    EXPECT_FALSE(tx2.send().has_value());
}

TEST(oneshot, an_owning_await_may_outlive_the_variable) {
    auto [tx, rx] = oneshot<int>();
    auto waiting = test::by_hand(std::move(rx));
    EXPECT_TRUE(rx.is_terminated());
    EXPECT_FALSE(waiting.poll());
    waiting.drop();
    EXPECT_TRUE(tx.is_closed());
}

TEST(oneshot, blocking_recv) {
    auto [tx, rx] = oneshot<int>();
    std::thread sender(
        [](edo::sync::oneshot_sender<int> end) { EXPECT_TRUE(end.send(5).has_value()); },
        std::move(tx));
    EXPECT_EQ(rx.blocking_recv().value(), 5);
    sender.join();
}

TEST(oneshot, oneshot_blocking_recv_panic_caller) {
    auto rt = edo::runtime::current_thread().build();
    rt.block_on([]() -> edo::task<> {
        auto [tx, rx] = oneshot<int>();
        EXPECT_THROW(static_cast<void>(rx.blocking_recv()), std::logic_error);
        co_return;
    }());
}

TEST(oneshot, an_await_that_times_out_can_be_repeated) {
    auto rt = edo::runtime::current_thread().start_paused(true).build();
    rt.block_on([]() -> edo::task<> {
        auto [tx, rx] = oneshot<int>();
        auto late = co_await edo::timeout(std::chrono::milliseconds(5), rx);
        EXPECT_FALSE(late.has_value());
        EXPECT_TRUE(tx.send(1).has_value());
        auto result = co_await edo::timeout(std::chrono::milliseconds(5), rx);
        EXPECT_EQ(result->value(), 1);
    }());
}

static_assert(edo::sendable<edo::sync::oneshot_sender<int>>);
static_assert(edo::owning<edo::sync::oneshot_receiver<std::string>>);
static_assert(!edo::owning<edo::sync::oneshot_receiver<std::string_view>>);
static_assert(!edo::owning<edo::sync::oneshot_sender<int*>>);
static_assert(std::is_base_of_v<std::exception, edo::sync::closed>);
static_assert(std::is_nothrow_copy_constructible_v<edo::sync::closed>);
static_assert(edo::sendable<edo::sync::closed> && edo::owning<edo::sync::closed>);

}  // namespace
