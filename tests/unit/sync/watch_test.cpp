// A value of which readers want the newest.
#include "support/poll.hpp"
#include "support/runtime_fixture.hpp"

#include <edo/edo.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using edo::task;
using edo::sync::watch_receiver;
using edo::sync::watch_sender;
using edo::test::by_hand;

class watch_kinds : public edo::test::runtime_test {
protected:
    void run(task<> (*body)()) { rt().block_on(rt().spawn(body)); }
};
INSTANTIATE_TEST_SUITE_P(kinds, watch_kinds, edo::test::all_kinds, edo::test::kind_name);

TEST(watch_alone, single_rx_recv) {
    auto [tx, rx] = edo::sync::watch<std::string>("one");
    EXPECT_EQ(rx.has_changed(), false);
    EXPECT_TRUE(tx.send("two"));
    EXPECT_EQ(rx.has_changed(), true);
    EXPECT_EQ(*rx.borrow(), "two");
    EXPECT_TRUE(rx.borrow().has_changed());
    EXPECT_EQ(rx.has_changed(), true) << "borrow() counts as seen";
    EXPECT_EQ(*rx.borrow_and_update(), "two");
    EXPECT_EQ(rx.has_changed(), false);
}

TEST(watch_alone, send_gives_the_value_back_without_receivers) {
    auto [tx, rx] = edo::sync::watch<std::string>("one");
    { const auto gone = std::move(rx); }
    EXPECT_TRUE(tx.is_closed());
    auto result = tx.send("two");
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().value(), "two");
    EXPECT_EQ(*tx.borrow(), "one");
    EXPECT_EQ(tx.send_replace("three"), "one");
    EXPECT_EQ(*tx.borrow(), "three");
    auto again = tx.subscribe();
    EXPECT_FALSE(tx.is_closed());
    EXPECT_EQ(again.has_changed(), false);
    EXPECT_EQ(*again.borrow(), "three");
}

TEST(watch_alone, send_if_modified_and_send_modify_panic) {
    auto [tx, rx] = edo::sync::watch<int>(1);
    EXPECT_FALSE(tx.send_if_modified([](int&) { return false; }));
    EXPECT_EQ(rx.has_changed(), false);
    EXPECT_TRUE(tx.send_if_modified([](int& v) {
        v = 2;
        return true;
    }));
    EXPECT_EQ(*rx.borrow_and_update(), 2);
    EXPECT_THROW(tx.send_modify([](int&) { throw std::runtime_error("boom"); }),
                 std::runtime_error);
    EXPECT_EQ(rx.has_changed(), false);
    tx.send_modify([](int& v) { ++v; });
    EXPECT_EQ(*rx.borrow_and_update(), 3);
}

TEST(watch_alone, marks) {
    auto [tx, rx] = edo::sync::watch<int>(1);
    rx.mark_changed();
    EXPECT_EQ(rx.has_changed(), true);
    rx.mark_unchanged();
    EXPECT_EQ(rx.has_changed(), false);
    EXPECT_TRUE(tx.send(2));
    auto copy = rx;
    EXPECT_EQ(*rx.borrow_and_update(), 2);
    EXPECT_EQ(copy.has_changed(), true) << "a copy has seen what the original had";
    EXPECT_TRUE(copy.same_channel(rx));
    EXPECT_EQ(tx.receiver_count(), 2U);
}

TEST(watch_alone, drop_sender_while_there_is_an_unseen_value) {
    auto [tx, rx] = edo::sync::watch<int>(1);
    {
        auto last = std::move(tx);
        EXPECT_EQ(last.sender_count(), 1U);
        EXPECT_TRUE(last.send(2));
    }
    EXPECT_EQ(rx.has_changed(), true);
    EXPECT_EQ(*rx.borrow_and_update(), 2);
    EXPECT_FALSE(rx.has_changed().has_value());
}

TEST(watch_alone, single_rx_changed) {
    auto [tx, rx] = edo::sync::watch<std::string>("one");
    auto first = by_hand(rx.changed());
    EXPECT_FALSE(first.poll()) << "the initial value counts as seen";
    EXPECT_TRUE(tx.send("two"));
    EXPECT_EQ(first.wakes(), 1);
    EXPECT_TRUE(first.take().has_value());
    EXPECT_EQ(*rx.borrow(), "two");
    auto second = by_hand(rx.changed());
    EXPECT_FALSE(second.poll());
    { const auto gone = std::move(tx); }
    EXPECT_EQ(second.wakes(), 1);
    EXPECT_FALSE(second.take().has_value());
    EXPECT_EQ(*rx.borrow(), "two");
}

TEST(watch_alone, rx_observes_final_value) {
    auto [tx, rx] = edo::sync::watch<std::string>("one");
    auto waiting = by_hand(rx.changed());
    EXPECT_FALSE(waiting.poll());
    {
        const auto last = std::move(tx);
        EXPECT_TRUE(last.send("two"));
    }
    EXPECT_EQ(waiting.wakes(), 1);
    EXPECT_TRUE(waiting.take().has_value());
    EXPECT_EQ(*rx.borrow(), "two");
    auto end = by_hand(rx.changed());
    EXPECT_TRUE(end.poll());
    EXPECT_FALSE(end.take().has_value());
    EXPECT_EQ(*rx.borrow(), "two");
}

TEST(watch_alone, borrow_and_update) {
    auto [tx, rx] = edo::sync::watch<std::string>("one");
    EXPECT_EQ(rx.has_changed(), false);
    EXPECT_TRUE(tx.send("two"));
    EXPECT_EQ(rx.has_changed(), true);
    auto changed = by_hand(rx.changed());
    EXPECT_TRUE(changed.poll());
    EXPECT_TRUE(changed.take().has_value());
    EXPECT_EQ(rx.has_changed(), false) << "changed() counts as seen";
    EXPECT_TRUE(tx.send("three"));
    EXPECT_EQ(*rx.borrow_and_update(), "three");
    auto waiting = by_hand(rx.changed());
    EXPECT_FALSE(waiting.poll());
    { const auto gone = std::move(tx); }
    EXPECT_FALSE(rx.has_changed().has_value());
    EXPECT_FALSE(waiting.take().has_value());
    EXPECT_EQ(*rx.borrow_and_update(), "three");
    EXPECT_FALSE(rx.has_changed().has_value());
}

TEST(watch_alone, multiple_sender) {
    auto [tx1, rx] = edo::sync::watch<int>(0);
    auto tx2 = tx1;
    int sent = 0;
    for (const auto* tx : {&tx1, &tx2, &tx1}) {
        auto waiting = by_hand(rx.changed());
        EXPECT_FALSE(waiting.poll());
        EXPECT_TRUE(tx->send(++sent));
        EXPECT_EQ(waiting.wakes(), 1);
        EXPECT_TRUE(waiting.take().has_value());
        EXPECT_EQ(*rx.borrow(), sent);
    }
    EXPECT_EQ(tx1.sender_count(), 2U);
    auto waiting = by_hand(rx.changed());
    EXPECT_FALSE(waiting.poll());
    { const auto gone = std::move(tx1); }
    EXPECT_FALSE(waiting.is_woken());
    { const auto gone = std::move(tx2); }
    EXPECT_EQ(waiting.wakes(), 1);
    EXPECT_FALSE(waiting.take().has_value());
}

TEST(watch_alone, changed_on_a_closed_channel) {
    auto [tx, unseen] = edo::sync::watch<int>(1);
    auto seen = unseen;
    EXPECT_TRUE(tx.send(2));
    EXPECT_EQ(*seen.borrow_and_update(), 2);
    { const auto gone = std::move(tx); }
    auto succeeds = by_hand(unseen.changed());
    EXPECT_TRUE(succeeds.poll());
    EXPECT_TRUE(succeeds.take().has_value());
    EXPECT_EQ(*unseen.borrow(), 2);
    auto fails = by_hand(seen.changed());
    EXPECT_TRUE(fails.poll());
    EXPECT_FALSE(fails.take().has_value());
    EXPECT_FALSE(seen.has_changed().has_value());
}

TEST_P(watch_kinds, multi_rx) {
    run([]() -> task<> {
        auto [tx, first] = edo::sync::watch<int>(0);
        std::vector<edo::join_handle<int>> readers;
        auto sees = [](watch_receiver<int> rx) -> task<int> {
            int last = 0, changes = 0;
            for (;;) {
                auto more = co_await rx.changed();
                if (!more) { break; }
                const int now = *rx.borrow_and_update();
                EXPECT_GE(now, last);
                last = now;
                ++changes;
            }
            EXPECT_GT(changes, 0);
            co_return last;
        };
        for (int i = 0; i < 5; ++i) { readers.push_back(edo::spawn(sees, first)); }
        for (int i = 1; i <= 1000; ++i) {
            EXPECT_TRUE(tx.send(i));
            if (i % 10 == 0) { co_await edo::yield_now(); }
        }
        { const auto gone = std::move(tx); }
        for (auto& reader : readers) {
            const int last = co_await reader;
            EXPECT_EQ(last, 1000);
        }
    });
}

TEST_P(watch_kinds, changed_errors_when_the_last_sender_goes) {
    run([]() -> task<> {
        auto [tx, rx] = edo::sync::watch<int>(0);
        auto waits = [](watch_receiver<int> mine) -> task<bool> {
            auto result = co_await mine.changed();
            co_return result.has_value();
        };
        auto waiter = edo::spawn(waits, rx);
        co_await edo::yield_now();
        auto other = tx;
        { const auto gone = std::move(tx); }
        co_await edo::yield_now();
        EXPECT_FALSE(waiter.is_finished());
        { const auto gone = std::move(other); }
        const bool changed = co_await waiter;
        EXPECT_FALSE(changed);
    });
}

TEST_P(watch_kinds, wait_for_test) {
    run([]() -> task<> {
        auto [tx, rx] = edo::sync::watch<int>(0);
        auto counts = [](watch_sender<int> mine) -> task<> {
            for (int i = 1; i <= 10; ++i) {
                EXPECT_TRUE(mine.send(i));
                co_await edo::yield_now();
            }
        };
        auto counter = edo::spawn(counts, std::move(tx));
        {
            auto found = co_await rx.wait_for([](int v) { return v >= 5; });
            EXPECT_TRUE(found.has_value());
            EXPECT_GE(**found, 5);
        }
        {
            auto present = co_await rx.wait_for([](int) { return true; });
            EXPECT_TRUE(present.has_value());
        }
        auto never = co_await rx.wait_for([](int v) { return v > 10; });
        EXPECT_FALSE(never.has_value());
        co_await counter;
    });
}

TEST_P(watch_kinds, wait_for_on_a_closed_channel) {
    run([]() -> task<> {
        auto [tx, rx] = edo::sync::watch<int>(1);
        EXPECT_TRUE(tx.send(2));
        { const auto gone = std::move(tx); }
        for (int i = 0; i < 2; ++i) {  // unseen, then seen
            auto found = co_await rx.wait_for([](int) { return true; });
            EXPECT_TRUE(found.has_value());
            EXPECT_EQ(**found, 2);
        }
        auto none = co_await rx.wait_for([](int) { return false; });
        EXPECT_FALSE(none.has_value());
    });
}

// --- none of them keeps the thread for ever, though all are ready ---

TEST_P(watch_kinds, receiver_changed_is_cooperative) {
    run([]() -> task<> {
        auto [tx, rx] = edo::sync::watch<int>(0);
        { const auto gone = std::move(tx); }
        auto endless = [](watch_receiver<int>& mine) -> task<> {
            for (;;) {
                auto result = co_await mine.changed();
                EXPECT_FALSE(result.has_value());
            }
        };
        auto won = co_await edo::select_biased(endless(rx), edo::yield_now());
        EXPECT_EQ(won.index(), 1U);
    });
}

TEST_P(watch_kinds, receiver_changed_is_cooperative_ok) {
    run([]() -> task<> {
        auto [tx, rx] = edo::sync::watch<int>(0);
        auto endless = [](watch_sender<int>& to, watch_receiver<int>& mine) -> task<> {
            for (;;) {
                EXPECT_TRUE(to.send(1));
                auto result = co_await mine.changed();
                EXPECT_TRUE(result.has_value());
            }
        };
        auto won = co_await edo::select_biased(endless(tx, rx), edo::yield_now());
        EXPECT_EQ(won.index(), 1U);
    });
}

TEST_P(watch_kinds, receiver_wait_for_is_cooperative) {
    run([]() -> task<> {
        auto [tx, rx] = edo::sync::watch<int>(0);
        { const auto gone = std::move(tx); }
        auto endless = [](watch_receiver<int>& mine) -> task<> {
            for (;;) {
                auto result = co_await mine.wait_for([](int) { return false; });
                EXPECT_FALSE(result.has_value());
            }
        };
        auto won = co_await edo::select_biased(endless(rx), edo::yield_now());
        EXPECT_EQ(won.index(), 1U);
    });
}

TEST_P(watch_kinds, receiver_wait_for_is_cooperative_ok) {
    run([]() -> task<> {
        auto [tx, rx] = edo::sync::watch<int>(0);
        auto endless = [](watch_receiver<int>& mine) -> task<> {
            for (;;) {
                auto result = co_await mine.wait_for([](int) { return true; });
                EXPECT_TRUE(result.has_value());
            }
        };
        auto won = co_await edo::select_biased(endless(rx), edo::yield_now());
        EXPECT_EQ(won.index(), 1U);
    });
}

TEST_P(watch_kinds, sender_closed_is_cooperative) {
    run([]() -> task<> {
        auto [tx, rx] = edo::sync::watch<int>(0);
        { const auto gone = std::move(rx); }
        auto endless = [](watch_sender<int>& mine) -> task<> {
            for (;;) { co_await mine.closed(); }
        };
        auto won = co_await edo::select_biased(endless(tx), edo::yield_now());
        EXPECT_EQ(won.index(), 1U);
    });
}

TEST_P(watch_kinds, poll_close) {
    run([]() -> task<> {
        auto [tx, rx] = edo::sync::watch<int>(0);
        auto other = rx;
        auto waits = [](watch_sender<int> mine) -> task<> { co_await mine.closed(); };
        auto waiter = edo::spawn(waits, tx);
        { const auto gone = std::move(rx); }
        co_await edo::yield_now();
        EXPECT_FALSE(waiter.is_finished());
        { const auto gone = std::move(other); }
        co_await waiter;
        EXPECT_TRUE(tx.is_closed());
    });
}

TEST_P(watch_kinds, a_dropped_wait_has_no_effect) {
    run([]() -> task<> {
        auto [tx, rx] = edo::sync::watch<int>(0);
        for (int i = 1; i <= 10; ++i) {
            auto none = co_await edo::timeout(0ms, rx.changed());
            EXPECT_FALSE(none.has_value());
            EXPECT_TRUE(tx.send(i));
            auto one = co_await edo::timeout(1h, rx.changed());
            EXPECT_TRUE(one.has_value() && one->has_value());
            EXPECT_EQ(*rx.borrow(), i);
        }
    });
}

TEST_P(watch_kinds, values_from_plain_threads) {
    auto [tx, rx] = edo::sync::watch<int>(0);
    std::thread sender([mine = std::move(tx)] {
        for (int i = 1; i <= 10'000; ++i) { EXPECT_TRUE(mine.send(i)); }
    });
    rt().block_on([](watch_receiver<int> mine) -> task<> {
        auto last = co_await mine.wait_for([](int v) { return v == 10'000; });
        EXPECT_TRUE(last.has_value());
    }(rx));
    sender.join();
}

// watch_error_bound: an error may be thrown, kept and sent to another thread.
template <class Error>
inline constexpr bool is_error_object =
    std::is_base_of_v<std::exception, Error> && std::is_copy_constructible_v<Error> &&
    edo::sendable<Error> && edo::owning<Error>;
static_assert(is_error_object<edo::sync::send_error<int>>);
static_assert(is_error_object<edo::sync::closed>);
static_assert(edo::sendable<watch_sender<int>> && edo::owning<watch_receiver<int>>);
static_assert(!edo::sendable<edo::sync::watch_ref<int>>);

}  // namespace
