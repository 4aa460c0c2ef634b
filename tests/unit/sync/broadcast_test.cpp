// Each message goes to each receiver.
#include "support/poll.hpp"
#include "support/runtime_fixture.hpp"

#include <edo/edo.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using edo::task;
using edo::sync::broadcast;
using edo::sync::broadcast_receiver;
using edo::sync::broadcast_sender;
using edo::test::by_hand;
using edo::test::counted;

class broadcast_kinds : public edo::test::runtime_test {
protected:
    void run(task<> (*body)()) { rt().block_on(rt().spawn(body)); }
};
INSTANTIATE_TEST_SUITE_P(kinds, broadcast_kinds, edo::test::all_kinds, edo::test::kind_name);

TEST(broadcast_alone, send_try_recv_bounded) {
    auto [tx, rx] = broadcast<std::string>(16);
    EXPECT_TRUE(rx.try_recv().error().is_empty());
    EXPECT_EQ(tx.send("hello"), 1U);
    EXPECT_EQ(rx.try_recv(), "hello");
    EXPECT_TRUE(rx.try_recv().error().is_empty());
}

TEST(broadcast_alone, send_two_recv) {
    auto [tx, rx1] = broadcast<int>(16);
    auto rx2 = tx.subscribe();
    EXPECT_EQ(tx.send(1), 2U);
    EXPECT_EQ(rx1.try_recv(), 1);
    EXPECT_EQ(rx2.try_recv(), 1);
    auto late = rx1.resubscribe();
    EXPECT_TRUE(late.try_recv().error().is_empty());
    EXPECT_EQ(tx.send(2), 3U);
    EXPECT_EQ(late.try_recv(), 2);
    EXPECT_EQ(rx1.size(), 1U);
}

TEST(broadcast_alone, send_without_receivers_gives_the_value_back) {
    auto [tx, rx] = broadcast<std::string>(1);
    { const auto gone = std::move(rx); }
    EXPECT_EQ(tx.send("x").error(), "x");
    auto again = tx.subscribe();
    EXPECT_EQ(tx.send("y"), 1U);
    EXPECT_EQ(again.try_recv(), "y");
}

TEST(broadcast_alone, lagging_rx) {
    auto [tx, rx1] = broadcast<int>(2);
    auto rx2 = tx.subscribe();
    EXPECT_TRUE(tx.send(1));
    EXPECT_EQ(rx1.try_recv(), 1);
    EXPECT_TRUE(tx.send(2));
    EXPECT_TRUE(tx.send(3));
    EXPECT_EQ(rx1.try_recv(), 2);
    const auto lagged = rx2.try_recv();
    ASSERT_FALSE(lagged.has_value());
    EXPECT_EQ(lagged.error().lagged(), 1U);
    EXPECT_EQ(rx2.try_recv(), 2);
    EXPECT_EQ(rx2.try_recv(), 3);
    EXPECT_TRUE(tx.send(4));
    EXPECT_TRUE(tx.send(5));
    EXPECT_EQ(rx1.try_recv().error().lagged(), 1U);
    EXPECT_EQ(rx1.try_recv(), 4);
}

TEST(broadcast_alone, lagging_receiver_recovers_after_wrap_closed) {
    auto [tx, rx] = broadcast<int>(4);
    {
        const auto last = std::move(tx);
        for (int i = 0; i < 10; ++i) { EXPECT_TRUE(last.send(i)); }
    }
    EXPECT_EQ(rx.try_recv().error().lagged(), 6U);
    for (int i = 6; i < 10; ++i) { EXPECT_EQ(rx.try_recv(), i); }
    EXPECT_TRUE(rx.try_recv().error().is_closed());
    EXPECT_TRUE(rx.is_closed());
}

TEST(broadcast_alone, zero_capacity) {
    EXPECT_THROW(static_cast<void>(broadcast<int>(0)), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(broadcast<int>(SIZE_MAX)), std::invalid_argument);
}

TEST(broadcast_alone, messages_die_when_all_have_seen_them) {
    std::atomic<int> alive{0};
    auto [tx, rx1] = broadcast<std::shared_ptr<counted>>(8);
    auto rx2 = tx.subscribe();
    EXPECT_TRUE(tx.send(std::make_shared<counted>(alive)));
    EXPECT_EQ(tx.size(), 1U);
    EXPECT_TRUE(rx1.try_recv());
    EXPECT_EQ(alive.load(), 1);
    EXPECT_TRUE(rx2.try_recv());
    EXPECT_EQ(alive.load(), 0);
    EXPECT_TRUE(tx.empty());
    EXPECT_TRUE(tx.send(std::make_shared<counted>(alive)));
    EXPECT_TRUE(rx1.try_recv());
    { const auto gone = std::move(rx2); }
    EXPECT_EQ(alive.load(), 0) << "only a receiver that is gone had not seen it";
    EXPECT_TRUE(tx.send(std::make_shared<counted>(alive)));
    for (int i = 0; i < 8; ++i) { EXPECT_TRUE(tx.send(nullptr)); }
    EXPECT_EQ(alive.load(), 0) << "it was overwritten";
}

TEST(broadcast_alone, weak_senders) {
    auto [tx, rx] = broadcast<int>(4);
    auto weak = tx.downgrade();
    {
        auto strong = weak.upgrade();
        ASSERT_TRUE(strong.has_value());
        EXPECT_EQ(tx.sender_count(), 2U);
        EXPECT_TRUE(strong->same_channel(tx));
    }
    { const auto gone = std::move(tx); }
    EXPECT_FALSE(weak.upgrade().has_value());
    EXPECT_TRUE(rx.try_recv().error().is_closed());
}

TEST(broadcast_alone, send_two_recv_bounded) {
    auto [tx, rx1] = broadcast<int>(16);
    auto rx2 = tx.subscribe();
    auto waiting = by_hand(rx1.recv());
    auto other = by_hand(rx2.recv());
    EXPECT_FALSE(waiting.poll());
    EXPECT_FALSE(other.poll());
    EXPECT_EQ(tx.send(1), 2U);
    EXPECT_EQ(waiting.wakes(), 1);
    EXPECT_EQ(other.wakes(), 1);
    EXPECT_EQ(waiting.take(), 1);
    EXPECT_EQ(other.take(), 1);
    auto once_more = by_hand(rx1.recv());
    auto late = by_hand(rx2.recv());
    EXPECT_FALSE(once_more.poll());
    EXPECT_EQ(tx.send(2), 2U);
    EXPECT_EQ(once_more.wakes(), 1);
    EXPECT_EQ(late.wakes(), 0) << "it did not wait";
    EXPECT_EQ(once_more.take(), 2);
    EXPECT_TRUE(late.poll());
    EXPECT_EQ(late.take(), 2);
}

TEST(broadcast_alone, send_slow_rx) {
    auto [tx, rx1] = broadcast<int>(16);
    auto slow = tx.subscribe();
    for (int i = 1; i <= 3; ++i) {
        auto waiting = by_hand(rx1.recv());
        EXPECT_FALSE(waiting.poll());
        EXPECT_EQ(tx.send(i), 2U);
        EXPECT_EQ(waiting.wakes(), 1);
        EXPECT_EQ(waiting.take(), i);
    }
    for (int i = 1; i <= 3; ++i) {
        auto waiting = by_hand(slow.recv());
        EXPECT_TRUE(waiting.poll());
        EXPECT_EQ(waiting.take(), i);
    }
    EXPECT_TRUE(slow.try_recv().error().is_empty());
}

TEST(broadcast_alone, drop_rx_while_values_remain) {
    const auto value = std::make_shared<int>(1);
    auto [tx, rx1] = broadcast<std::shared_ptr<int>>(16);
    auto rx2 = tx.subscribe();
    EXPECT_TRUE(tx.send(value));
    EXPECT_TRUE(tx.send(value));
    { const auto gone = std::move(rx1); }
    EXPECT_EQ(tx.size(), 2U);
    EXPECT_EQ(rx2.try_recv(), value);
    EXPECT_EQ(value.use_count(), 2);
    { const auto gone = std::move(rx2); }
    EXPECT_TRUE(tx.empty());
    EXPECT_EQ(value.use_count(), 1);
}

TEST(broadcast_alone, unconsumed_messages_are_dropped) {
    const auto value = std::make_shared<int>(1);
    auto [tx, rx] = broadcast<std::shared_ptr<int>>(16);
    EXPECT_TRUE(tx.send(value));
    EXPECT_EQ(value.use_count(), 2);
    { const auto gone = std::move(rx); }
    EXPECT_EQ(value.use_count(), 1);
}

TEST(broadcast_alone, dropping_tx_notifies_rx) {
    auto [tx, rx1] = broadcast<int>(16);
    auto rx2 = tx.subscribe();
    auto tx2 = tx;
    auto first = by_hand(rx1.recv());
    auto second = by_hand(rx2.recv());
    EXPECT_FALSE(first.poll());
    EXPECT_FALSE(second.poll());
    { const auto gone = std::move(tx); }
    EXPECT_FALSE(first.is_woken());
    EXPECT_FALSE(second.is_woken());
    { const auto gone = std::move(tx2); }
    EXPECT_EQ(first.wakes(), 1);
    EXPECT_EQ(second.wakes(), 1);
    EXPECT_TRUE(first.take().error().is_closed());
    EXPECT_TRUE(second.take().error().is_closed());
}

TEST(broadcast_alone, single_capacity_recvs) {
    auto [tx, rx] = broadcast<int>(1);
    EXPECT_TRUE(tx.send(1));
    EXPECT_EQ(rx.try_recv(), 1);
    { const auto gone = std::move(tx); }
    EXPECT_TRUE(rx.try_recv().error().is_closed());
}

TEST(broadcast_alone, dropping_sender_does_not_overwrite) {
    for (const int capacity : {1, 2}) {
        auto [tx, rx] = broadcast<int>(static_cast<std::size_t>(capacity));
        for (int i = 1; i <= capacity; ++i) { EXPECT_TRUE(tx.send(i)); }
        { const auto gone = std::move(tx); }
        for (int i = 1; i <= capacity; ++i) { EXPECT_EQ(rx.try_recv(), i); }
        EXPECT_TRUE(rx.try_recv().error().is_closed());
    }
}

TEST(broadcast_alone, resubscribe_points_to_tail) {
    auto [tx, rx] = broadcast<int>(3);
    EXPECT_TRUE(tx.send(1));
    auto again = rx.resubscribe();
    EXPECT_TRUE(again.try_recv().error().is_empty());
    EXPECT_EQ(rx.try_recv(), 1) << "the original stays where it was";
    EXPECT_EQ(tx.send(2), 2U);
    EXPECT_EQ(rx.try_recv(), 2);
    EXPECT_EQ(again.try_recv(), 2);
}

TEST(broadcast_alone, resubscribe_to_closed_channel) {
    auto [tx, rx] = broadcast<int>(2);
    EXPECT_TRUE(tx.send(1));
    { const auto gone = std::move(tx); }
    auto again = rx.resubscribe();
    EXPECT_TRUE(again.try_recv().error().is_closed());
    EXPECT_EQ(rx.try_recv(), 1);
}

TEST(broadcast_alone, sender_len) {
    auto [tx, rx1] = broadcast<int>(4);
    auto rx2 = tx.subscribe();
    EXPECT_TRUE(tx.empty());
    for (int i = 1; i <= 3; ++i) { EXPECT_TRUE(tx.send(i)); }
    EXPECT_EQ(tx.size(), 3U);
    EXPECT_TRUE(rx1.try_recv());
    EXPECT_TRUE(rx1.try_recv());
    EXPECT_EQ(tx.size(), 3U) << "the other one has seen none";
    EXPECT_TRUE(rx2.try_recv());
    EXPECT_EQ(tx.size(), 2U);
    for (int i = 4; i <= 6; ++i) { EXPECT_TRUE(tx.send(i)); }
    EXPECT_EQ(tx.size(), 4U) << "as many as the capacity, at most";
    { const auto gone = std::move(rx2); }
    EXPECT_EQ(tx.size(), 4U);
    { const auto gone = std::move(rx1); }
    EXPECT_TRUE(tx.empty());
}

TEST(broadcast_alone, a_sender_without_receivers_is_closed_until_one_subscribes) {
    auto [tx, rx] = broadcast<int>(2);
    { const auto gone = std::move(rx); }
    EXPECT_TRUE(by_hand(tx.closed()).poll());
    const auto again = tx.subscribe();
    auto closing = by_hand(tx.closed());
    EXPECT_FALSE(closing.poll());
}

/// Sends a message when it dies.
struct last_words {
    using channel = broadcast_sender<std::shared_ptr<last_words>>;
    explicit last_words(channel& c) : to(&c) {}
    last_words(const last_words&) = delete;
    last_words& operator=(const last_words&) = delete;
    ~last_words() { static_cast<void>(to->send(nullptr)); }
    channel* to;
};

// The channel's lock is not held where messages die.
TEST(broadcast_alone, a_message_may_send_another_one_when_it_dies) {
    auto [tx, rx] = broadcast<std::shared_ptr<last_words>>(2);
    auto other = tx.subscribe();
    EXPECT_TRUE(tx.send(std::make_shared<last_words>(tx)));
    EXPECT_TRUE(tx.send(nullptr));
    EXPECT_TRUE(tx.send(nullptr));  // overwrites the first one, and it sends a fourth
    EXPECT_EQ(rx.try_recv().error().lagged(), 2U);
    EXPECT_TRUE(tx.send(std::make_shared<last_words>(tx)));
    while (other.try_recv().has_value() || !other.empty()) {}
    EXPECT_EQ(tx.size(), 2U);
    { const auto gone = std::move(rx); }  // it had not seen it
    EXPECT_EQ(other.size(), 1U);
}

TEST(broadcast_alone, sender_count_when_cloned_and_downgraded) {
    auto [tx, rx] = broadcast<int>(4);
    EXPECT_EQ(tx.sender_count(), 1U);
    auto weak = tx.downgrade();
    const auto another_weak = weak;
    EXPECT_EQ(tx.sender_count(), 1U) << "weak ones do not count";
    {
        const auto copy = tx;
        const auto upgraded = weak.upgrade();
        EXPECT_EQ(tx.sender_count(), 3U);
    }
    EXPECT_EQ(tx.sender_count(), 1U);
    EXPECT_FALSE(rx.is_closed());
    { const auto gone = std::move(tx); }
    EXPECT_TRUE(rx.is_closed());
    EXPECT_FALSE(another_weak.upgrade().has_value());
}

TEST(broadcast_alone, a_copy_that_throws_loses_nothing) {
    struct throws_on_copy {
        explicit throws_on_copy(bool& t) : fails(&t) {}
        throws_on_copy(const throws_on_copy& other) : fails(other.fails) {
            if (*fails) { throw std::runtime_error("copy"); }
        }
        throws_on_copy(throws_on_copy&& other) noexcept = default;
        throws_on_copy& operator=(const throws_on_copy&) = default;
        bool* fails;
    };
    bool fails = false;
    auto [tx, rx1] = broadcast<throws_on_copy>(4);
    auto rx2 = tx.subscribe();
    EXPECT_TRUE(tx.send(throws_on_copy(fails)));
    fails = true;
    EXPECT_THROW(static_cast<void>(rx1.try_recv()), std::runtime_error);
    fails = false;
    EXPECT_TRUE(rx1.try_recv());
    EXPECT_TRUE(rx2.try_recv());
    EXPECT_EQ(tx.size(), 0U);
}

TEST_P(broadcast_kinds, send_recv_bounded) {
    run([]() -> task<> {
        auto [tx, rx1] = broadcast<int>(16);
        std::vector<edo::join_handle<int>> receivers;
        auto adds = [](broadcast_receiver<int> rx) -> task<int> {
            int sum = 0;
            for (;;) {
                auto message = co_await rx.recv();
                if (!message) {
                    EXPECT_TRUE(message.error().is_closed());
                    co_return sum;
                }
                sum += *message;
            }
        };
        for (int i = 0; i < 5; ++i) { receivers.push_back(edo::spawn(adds, tx.subscribe())); }
        receivers.push_back(edo::spawn(adds, std::move(rx1)));
        for (int i = 1; i <= 1000; ++i) {
            EXPECT_EQ(tx.send(i), 6U);
            while (!tx.empty()) { co_await edo::yield_now(); }
        }
        { const auto gone = std::move(tx); }
        for (auto& receiver : receivers) {
            const int sum = co_await receiver;
            EXPECT_EQ(sum, 500'500);
        }
    });
}

TEST_P(broadcast_kinds, change_tasks_and_drop_waits) {
    run([]() -> task<> {
        auto [tx, rx] = broadcast<int>(4);
        for (int i = 0; i < 10; ++i) {
            auto none = co_await edo::timeout(0ms, rx.recv());
            EXPECT_FALSE(none.has_value());
            EXPECT_TRUE(tx.send(i));
            auto one = co_await edo::timeout(1h, rx.recv());
            EXPECT_EQ(one->value(), i);
        }
    });
}

TEST_P(broadcast_kinds, change_tasks) {
    run([]() -> task<> {
        auto [tx, rx] = broadcast<int>(1);
        auto receiving = rx.recv();
        auto none = co_await edo::timeout(0ms, receiving);
        EXPECT_FALSE(none.has_value());
        auto takes_over = [&receiving]() -> task<int> {
            auto got = co_await receiving;
            co_return got.value();
        };
        auto other = edo::spawn(edo::unchecked(takes_over));
        co_await edo::yield_now();
        EXPECT_TRUE(tx.send(7));
        const int got = co_await other;
        EXPECT_EQ(got, 7);
    });
}

TEST_P(broadcast_kinds, receiver_recv_is_cooperative) {
    run([]() -> task<> {
        auto [tx, rx] = broadcast<int>(8);
        auto endless = [](broadcast_sender<int>& to, broadcast_receiver<int>& from) -> task<> {
            for (;;) {
                EXPECT_EQ(to.send(1), 1U);
                auto got = co_await from.recv();
                EXPECT_EQ(got, 1);
            }
        };
        auto won = co_await edo::select_biased(endless(tx, rx), edo::yield_now());
        EXPECT_EQ(won.index(), 1U);
    });
}

TEST_P(broadcast_kinds, closed_completes_when_the_last_receiver_goes) {
    run([]() -> task<> {
        auto [tx, rx1] = broadcast<int>(4);
        auto rx2 = tx.subscribe();
        auto waits = [](broadcast_sender<int> mine) -> task<> { co_await mine.closed(); };
        auto waiter = edo::spawn(waits, tx);
        { const auto gone = std::move(rx1); }
        co_await edo::yield_now();
        EXPECT_FALSE(waiter.is_finished());
        { const auto gone = std::move(rx2); }
        co_await waiter;
        EXPECT_EQ(tx.receiver_count(), 0U);
    });
}

TEST_P(broadcast_kinds, between_plain_threads) {
    auto [tx, rx] = broadcast<int>(1024);
    std::thread receiver([mine = std::move(rx)]() mutable {
        int got = 0;
        std::uint64_t missed = 0;
        for (;;) {
            auto message = mine.blocking_recv();
            if (message) {
                ++got;
            } else if (message.error().is_lagged()) {
                missed += message.error().lagged();
            } else {
                break;
            }
        }
        EXPECT_EQ(static_cast<std::uint64_t>(got) + missed, 20'000U);
    });
    rt().block_on([](broadcast_sender<int> mine) -> task<> {
        for (int i = 0; i < 20'000; ++i) { EXPECT_TRUE(mine.send(i)); }
        co_return;
    }(std::move(tx)));
    receiver.join();
}

}  // namespace
