// Each value goes to one of many receivers.
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
using edo::sync::mpmc;
using edo::sync::mpmc_receiver;
using edo::sync::mpmc_sender;
using edo::sync::try_recv_error;
using edo::test::counted;

class mpmc_kinds : public edo::test::runtime_test {
protected:
    void run(task<> (*body)()) { rt().block_on(rt().spawn(body)); }
};
INSTANTIATE_TEST_SUITE_P(kinds, mpmc_kinds, edo::test::all_kinds, edo::test::kind_name);

TEST(mpmc_alone, try_forms) {
    auto [tx, rx] = mpmc<std::string>(2);
    EXPECT_EQ(rx.try_recv().error(), try_recv_error::empty);
    EXPECT_TRUE(tx.try_send("a"));
    EXPECT_TRUE(tx.try_send("b"));
    auto full = tx.try_send("c");
    ASSERT_FALSE(full.has_value());
    EXPECT_TRUE(full.error().is_full());
    EXPECT_EQ(full.error().value(), "c");
    EXPECT_EQ(tx.capacity(), 0U);
    EXPECT_EQ(rx.size(), 2U);
    auto other = rx;
    EXPECT_EQ(rx.try_recv(), "a");
    EXPECT_EQ(other.try_recv(), "b");
    EXPECT_TRUE(rx.same_channel(other));
    EXPECT_EQ(tx.max_capacity(), 2U);
    EXPECT_THROW(static_cast<void>(mpmc<int>(0)), std::invalid_argument);
}

TEST(mpmc_alone, what_is_left_is_received_after_the_last_sender) {
    auto [tx, rx] = mpmc<int>(4);
    {
        const auto last = std::move(tx);
        EXPECT_TRUE(last.try_send(1));
        EXPECT_TRUE(last.try_send(2));
    }
    EXPECT_TRUE(rx.is_closed());
    EXPECT_EQ(rx.try_recv(), 1);
    EXPECT_EQ(rx.blocking_recv(), 2);
    EXPECT_EQ(rx.blocking_recv(), std::nullopt);
    EXPECT_EQ(rx.try_recv().error(), try_recv_error::closed);
}

TEST(mpmc_alone, the_last_receiver_closes_and_destroys_what_is_left) {
    std::atomic<int> alive{0};
    auto [tx, rx] = mpmc<std::shared_ptr<counted>>(4);
    EXPECT_TRUE(tx.try_send(std::make_shared<counted>(alive)));
    auto other = rx;
    { const auto gone = std::move(rx); }
    EXPECT_EQ(alive.load(), 1);
    { const auto gone = std::move(other); }
    EXPECT_EQ(alive.load(), 0);
    EXPECT_TRUE(tx.is_closed());
    EXPECT_TRUE(tx.try_send(nullptr).error().is_closed());
}

TEST(mpmc_alone, values_that_may_throw_when_moved) {
    struct moves_badly {
        explicit moves_badly(int v) : value(v) {}
        moves_badly(moves_badly&& other) noexcept(false) : value(other.value) {}
        int value;
    };
    auto [tx, rx] = mpmc<moves_badly>(1);
    EXPECT_TRUE(tx.try_send(moves_badly(3)));
    EXPECT_EQ(rx.blocking_recv()->value, 3);
}

TEST_P(mpmc_kinds, each_value_is_received_once) {
    run([]() -> task<> {
        constexpr int senders = 4, receivers = 4, each = 2000;
        auto [tx, rx] = mpmc<int>(8);
        auto sends = [](mpmc_sender<int> mine, int from) -> task<> {
            for (int i = 0; i < each; ++i) {
                auto sent = co_await mine.send(from + i);
                EXPECT_TRUE(sent.has_value());
            }
        };
        auto receives = [](mpmc_receiver<int> mine) -> task<std::vector<int>> {
            std::vector<int> got;
            for (;;) {
                auto value = co_await mine.recv();
                if (!value) { co_return got; }
                got.push_back(*value);
            }
        };
        std::vector<edo::join_handle<void>> from;
        std::vector<edo::join_handle<std::vector<int>>> to;
        for (int i = 0; i < senders; ++i) { from.push_back(edo::spawn(sends, tx, i * each)); }
        for (int i = 0; i < receivers; ++i) { to.push_back(edo::spawn(receives, rx)); }
        { const auto gone = std::move(tx); }
        for (auto& sender : from) { co_await sender; }
        std::vector<int> seen(senders * each);
        for (auto& receiver : to) {
            const auto got = co_await receiver;
            std::vector<int> last(senders, -1);
            for (const int value : got) {
                ++seen[static_cast<std::size_t>(value)];
                int& before = last[static_cast<std::size_t>(value / each)];
                EXPECT_GT(value, before) << "values of one sender stay in order";
                before = value;
            }
        }
        EXPECT_EQ(seen, std::vector<int>(senders * each, 1));
    });
}

TEST_P(mpmc_kinds, senders_wait_in_line) {
    run([]() -> task<> {
        auto [tx, rx] = mpmc<int>(1);
        auto sends = [](mpmc_sender<int> mine, int value) -> task<> {
            static_cast<void>(co_await mine.send(value));
        };
        std::vector<edo::join_handle<void>> all;
        for (int i = 0; i < 10; ++i) {
            all.push_back(edo::spawn(sends, tx, i));
            while (i == 0 ? rx.size() != 1 : false) { co_await edo::yield_now(); }
        }
        int sum = 0;
        for (int i = 0; i < 10; ++i) {
            auto value = co_await rx.recv();
            sum += *value;
        }
        EXPECT_EQ(sum, 45);
        for (auto& each : all) { co_await each; }
    });
}

// A value that was meant for a receiver which is dropped goes to the next.
TEST_P(mpmc_kinds, dropped_waits_lose_nothing) {
    run([]() -> task<> {
        auto [tx, rx] = mpmc<int>(1);
        for (int i = 0; i < 100; ++i) {
            auto none = co_await edo::timeout(0ms, rx.recv());
            EXPECT_FALSE(none.has_value());
            auto chooses = [](mpmc_receiver<int>& from) -> task<int> {
                auto won = co_await edo::select_biased(from.recv(), from.recv());
                co_return won.index() == 0 ? *std::get<0>(won) : *std::get<1>(won);
            };
            auto sends = [](mpmc_sender<int>& to, int value) -> task<> {
                co_await edo::yield_now();
                EXPECT_TRUE(to.try_send(value));
            };
            auto both = co_await edo::join(chooses(rx), sends(tx, i));
            EXPECT_EQ(std::get<0>(both), i);
            EXPECT_EQ(rx.size(), 0U);
            EXPECT_EQ(tx.capacity(), 1U);
            EXPECT_TRUE(tx.try_send(i));
            auto full = co_await edo::timeout(0ms, tx.send(7));
            EXPECT_FALSE(full.has_value());
            EXPECT_EQ(rx.try_recv(), i);
        }
    });
}

TEST_P(mpmc_kinds, close_fails_those_who_wait) {
    run([]() -> task<> {
        auto [tx, rx] = mpmc<int>(1);
        EXPECT_TRUE(tx.try_send(1));
        auto sends = [](mpmc_sender<int> mine) -> task<bool> {
            auto sent = co_await mine.send(2);
            co_return sent.has_value();
        };
        auto waiter = edo::spawn(sends, tx);
        co_await edo::yield_now();
        rx.close();
        const bool sent = co_await waiter;
        auto left = co_await rx.recv();
        auto end = co_await rx.recv();
        EXPECT_EQ(left, 1);
        // The sender may have come before the receiver took the value, or after the close.
        EXPECT_EQ(end.has_value(), sent);
    });
}

TEST_P(mpmc_kinds, between_plain_threads) {
    auto [tx, rx] = mpmc<int>(16);
    std::thread sender([mine = std::move(tx)] {
        for (int i = 1; i <= 10'000; ++i) { EXPECT_TRUE(mine.blocking_send(i)); }
    });
    const int sum = rt().block_on([](mpmc_receiver<int> mine) -> task<int> {
        int total = 0;
        for (;;) {
            auto value = co_await mine.recv();
            if (!value) { co_return total; }
            total += *value % 7;
        }
    }(std::move(rx)));
    int expected = 0;
    for (int i = 1; i <= 10'000; ++i) { expected += i % 7; }
    EXPECT_EQ(sum, expected);
    sender.join();
}

}  // namespace
