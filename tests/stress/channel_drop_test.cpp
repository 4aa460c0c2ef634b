// What ends a wait at a channel against the drop of the one that waits, for each end that has no file
// of its own here: nothing is lost, nothing comes twice.
#include <edo/edo.hpp>
#include <edo/sync/broadcast.hpp>
#include <edo/sync/mpsc.hpp>
#include <edo/sync/oneshot.hpp>
#include <edo/sync/watch.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "support/poll.hpp"
#include "support/race.hpp"
#include "support/runtime_fixture.hpp"

namespace {

namespace test = edo::test;
using namespace std::chrono_literals;
using edo::sync::broadcast;
using edo::sync::mpsc;
using edo::sync::oneshot;
using message = std::shared_ptr<int>;

class channel_drop_stress : public test::leak_check {};

template <class Polled>
const char* outcome(const Polled& dropped) {
    return dropped.is_woken() ? "woken first" : "dropped first";
}

// --- broadcast ---

TEST_F(channel_drop_stress, broadcast_recv) {
    test::opponent other;
    auto ends = broadcast<int>(2);
    auto rx2 = ends.first.subscribe();
    int sent = 0;
    test::until_seen({"woken first", "dropped first"}, [&] {
        auto first = test::by_hand(ends.second.recv());
        auto second = test::by_hand(rx2.recv());
        EXPECT_FALSE(first.poll());
        EXPECT_FALSE(second.poll());
        ++sent;
        other.race([&] { first.drop(); }, [&] { EXPECT_EQ(ends.first.send(sent), 2U); });
        EXPECT_EQ(second.wakes(), 1);
        EXPECT_EQ(second.take(), sent);
        EXPECT_EQ(ends.second.try_recv(), sent);
        EXPECT_TRUE(ends.second.try_recv().error().is_empty());
        EXPECT_TRUE(rx2.try_recv().error().is_empty());
        EXPECT_TRUE(ends.first.empty());
        return outcome(first);
    });
}

TEST_F(channel_drop_stress, broadcast_recv_of_more_than_a_batch) {
    // Those who are told are told in batches, and one of the later ones goes meanwhile.
    constexpr std::size_t count = 80;
    test::opponent other;
    auto ends = broadcast<int>(2);
    std::vector<edo::sync::broadcast_receiver<int>> receivers;
    for (std::size_t i = 0; i < count; ++i) { receivers.push_back(ends.first.subscribe()); }
    { const auto gone = std::move(ends.second); }
    int sent = 0;
    test::until_seen({"woken first", "dropped first"}, [&] {
        std::deque<test::polled<edo::detail::broadcast_recv<int>>> waiting;
        for (auto& rx : receivers) {
            waiting.emplace_back(rx.recv());
            EXPECT_FALSE(waiting.back().poll());
        }
        auto& dropped = waiting[count - 2];
        ++sent;
        other.race([&] { dropped.drop(); }, [&] { EXPECT_EQ(ends.first.send(sent), count); });
        const char* const seen = outcome(dropped);
        for (std::size_t i = 0; i < count; ++i) {
            if (i != count - 2) {
                EXPECT_EQ(waiting[i].wakes(), 1);
                EXPECT_EQ(waiting[i].take(), sent);
            } else {
                EXPECT_EQ(receivers[i].try_recv(), sent);
            }
        }
        EXPECT_TRUE(ends.first.empty());
        return seen;
    });
}

TEST_F(channel_drop_stress, broadcast_recv_against_the_end_of_the_last_sender) {
    test::opponent other;
    test::until_seen({"woken first", "dropped first"}, [&] {
        auto ends = broadcast<int>(2);
        auto rx2 = ends.first.subscribe();
        std::optional tx(std::move(ends.first));
        auto first = test::by_hand(ends.second.recv());
        auto second = test::by_hand(rx2.recv());
        EXPECT_FALSE(first.poll());
        EXPECT_FALSE(second.poll());
        other.race([&] { first.drop(); }, [&] { tx.reset(); });
        EXPECT_EQ(second.wakes(), 1);
        EXPECT_TRUE(second.take().error().is_closed());
        EXPECT_TRUE(ends.second.try_recv().error().is_closed());
        return outcome(first);
    });
}

TEST_F(channel_drop_stress, broadcast_send_against_the_drop_of_the_receiver) {
    // A message that only the one that goes had not seen dies.
    test::opponent other;
    test::until_seen({"sent", "came back"}, [&] {
        auto value = std::make_shared<int>(1);
        auto ends = broadcast<message>(2);
        std::optional rx(std::move(ends.second));
        bool sent = false;
        other.race([&] { rx.reset(); }, [&] { sent = ends.first.send(value).has_value(); });
        EXPECT_EQ(value.use_count(), 1);
        EXPECT_TRUE(ends.first.empty());
        return sent ? "sent" : "came back";
    });
}

TEST_F(channel_drop_stress, broadcast_closed) {
    test::opponent other;
    auto ends = broadcast<int>(2);
    std::optional rx(std::move(ends.second));
    test::until_seen({"woken first", "dropped first"}, [&] {
        auto first = test::by_hand(ends.first.closed());
        auto second = test::by_hand(ends.first.closed());
        EXPECT_FALSE(first.poll());
        EXPECT_FALSE(second.poll());
        other.race([&] { first.drop(); }, [&] { rx.reset(); });
        EXPECT_EQ(second.wakes(), 1);
        EXPECT_TRUE(second.poll());
        rx.emplace(ends.first.subscribe());
        return outcome(first);
    });
}

// --- watch ---

TEST_F(channel_drop_stress, watch_changed) {
    test::opponent other;
    auto ends = edo::sync::watch<int>(0);
    auto rx2 = ends.second;
    int sent = 0;
    test::until_seen({"woken first", "dropped first"}, [&] {
        auto first = test::by_hand(ends.second.changed());
        auto second = test::by_hand(rx2.changed());
        EXPECT_FALSE(first.poll());
        EXPECT_FALSE(second.poll());
        ++sent;
        other.race([&] { first.drop(); }, [&] { EXPECT_TRUE(ends.first.send(sent)); });
        EXPECT_EQ(second.wakes(), 1);
        EXPECT_TRUE(second.take().has_value());
        EXPECT_EQ(rx2.has_changed(), false);
        EXPECT_EQ(ends.second.has_changed(), true) << "a dropped wait has seen it";
        EXPECT_EQ(*ends.second.borrow_and_update(), sent);
        EXPECT_EQ(*rx2.borrow(), sent);
        return outcome(first);
    });
}

TEST_F(channel_drop_stress, watch_changed_against_the_end_of_the_last_sender) {
    test::opponent other;
    test::until_seen({"woken first", "dropped first"}, [&] {
        auto ends = edo::sync::watch<int>(0);
        auto rx2 = ends.second;
        std::optional tx(std::move(ends.first));
        auto first = test::by_hand(ends.second.changed());
        auto second = test::by_hand(rx2.changed());
        EXPECT_FALSE(first.poll());
        EXPECT_FALSE(second.poll());
        other.race([&] { first.drop(); }, [&] { tx.reset(); });
        EXPECT_EQ(second.wakes(), 1);
        EXPECT_FALSE(second.take().has_value());
        EXPECT_FALSE(ends.second.has_changed().has_value());
        return outcome(first);
    });
}

TEST_F(channel_drop_stress, watch_closed) {
    test::opponent other;
    auto ends = edo::sync::watch<int>(0);
    std::optional rx(std::move(ends.second));
    test::until_seen({"woken first", "dropped first"}, [&] {
        auto first = test::by_hand(ends.first.closed());
        auto second = test::by_hand(ends.first.closed());
        EXPECT_FALSE(first.poll());
        EXPECT_FALSE(second.poll());
        other.race([&] { first.drop(); }, [&] { rx.reset(); });
        EXPECT_EQ(second.wakes(), 1);
        EXPECT_TRUE(ends.first.is_closed());
        rx.emplace(ends.first.subscribe());
        return outcome(first);
    });
}

// --- mpsc ---

TEST_F(channel_drop_stress, mpsc_reserve) {
    test::opponent other;
    auto ends = mpsc<int>(1);
    test::until_seen({"woken first", "dropped first"}, [&] {
        EXPECT_TRUE(ends.first.try_send(0).has_value());
        auto first = test::by_hand(ends.first.reserve());
        auto second = test::by_hand(ends.first.reserve());
        auto third = test::by_hand(ends.first.reserve());
        EXPECT_FALSE(first.poll());
        EXPECT_FALSE(second.poll());
        EXPECT_FALSE(third.poll());
        other.race([&] { first.drop(); }, [&] { EXPECT_EQ(ends.second.try_recv().value(), 0); });
        EXPECT_EQ(second.wakes(), 1);
        EXPECT_EQ(third.wakes(), 0);
        { const auto place = second.take(); }
        EXPECT_EQ(third.wakes(), 1);
        third.drop();
        EXPECT_EQ(ends.first.capacity(), 1U);
        return outcome(first);
    });
}

TEST_F(channel_drop_stress, mpsc_reserve_many) {
    // The first one has two of three places when the third place comes.
    test::opponent other;
    auto ends = mpsc<int>(3);
    test::until_seen({"woken first", "dropped first"}, [&] {
        EXPECT_TRUE(ends.first.try_send(0).has_value());
        auto first = test::by_hand(ends.first.reserve_many(3));
        auto second = test::by_hand(ends.first.reserve_many(2));
        auto third = test::by_hand(ends.first.reserve());
        EXPECT_FALSE(first.poll());
        EXPECT_FALSE(second.poll());
        EXPECT_FALSE(third.poll());
        other.race([&] { first.drop(); }, [&] { EXPECT_EQ(ends.second.try_recv().value(), 0); });
        EXPECT_EQ(second.wakes(), 1);
        EXPECT_EQ(third.wakes(), 1);
        EXPECT_EQ(ends.first.capacity(), 0U);
        second.drop();
        third.drop();
        EXPECT_EQ(ends.first.capacity(), 3U);
        return outcome(first);
    });
}

TEST_F(channel_drop_stress, mpsc_reserve_many_against_close_and_recv) {
    // The one that is dropped gives back what it has got, perhaps the last place of a closed channel.
    test::opponent other;
    test::until_seen({"woken first", "dropped first"}, [&] {
        auto ends = mpsc<int>(2);
        auto held = ends.first.try_reserve();
        auto first = test::by_hand(ends.first.reserve_many(2));
        EXPECT_FALSE(first.poll());
        auto receiving = test::by_hand(ends.second.recv());
        bool is_over = false;
        other.race([&] { first.drop(); },
                   [&] {
                       { const auto gone = std::move(*held); }
                       ends.second.close();
                       is_over = receiving.poll();
                   });
        EXPECT_TRUE(is_over || receiving.is_woken());
        EXPECT_EQ(receiving.take(), std::nullopt);
        return outcome(first);
    });
}

TEST_F(channel_drop_stress, mpsc_reserve_against_close) {
    // A receiver that has closed waits for the places that are taken; one that is dropped is none.
    test::opponent other;
    test::until_seen({"woken first", "dropped first"}, [&] {
        auto ends = mpsc<int>(2);
        auto held = ends.first.try_reserve();
        auto first = test::by_hand(ends.first.reserve_many(2));
        auto second = test::by_hand(ends.first.reserve());
        EXPECT_FALSE(first.poll());
        EXPECT_FALSE(second.poll());
        other.race([&] { first.drop(); }, [&] { ends.second.close(); });
        EXPECT_EQ(second.wakes(), 1);
        // It got a place if the first one went before the channel was closed.
        const bool has_place = second.take().has_value();
        EXPECT_TRUE(!has_place || !first.is_woken());
        auto receiving = test::by_hand(ends.second.recv());
        EXPECT_FALSE(receiving.poll());
        { const auto gone = std::move(held); }
        EXPECT_EQ(receiving.wakes(), 1);
        EXPECT_EQ(receiving.take(), std::nullopt);
        return outcome(first);
    });
}

TEST_F(channel_drop_stress, mpsc_closed) {
    test::opponent other;
    test::until_seen({"woken first", "dropped first"}, [&] {
        auto ends = mpsc<int>(1);
        auto first = test::by_hand(ends.first.closed());
        auto second = test::by_hand(ends.first.closed());
        EXPECT_FALSE(first.poll());
        EXPECT_FALSE(second.poll());
        other.race([&] { first.drop(); }, [&] { ends.second.close(); });
        EXPECT_EQ(second.wakes(), 1);
        second.take();
        EXPECT_TRUE(ends.first.is_closed());
        return outcome(first);
    });
}

// --- oneshot ---

TEST_F(channel_drop_stress, oneshot_closed) {
    test::opponent other;
    test::until_seen({"woken first", "dropped first"}, [&] {
        auto ends = oneshot<int>();
        std::optional rx(std::move(ends.second));
        auto closing = test::by_hand(ends.first.closed());
        EXPECT_FALSE(closing.poll());
        other.race([&] { closing.drop(); }, [&] { rx.reset(); });
        EXPECT_TRUE(ends.first.is_closed());
        auto again = test::by_hand(ends.first.closed());
        EXPECT_TRUE(again.poll());
        EXPECT_EQ(ends.first.send(7).error(), 7);
        return outcome(closing);
    });
}

// --- time ---

TEST_F(channel_drop_stress, interval_tick) {
    // The worker fires the timer; it is one to two milliseconds away.
    auto rt = edo::runtime::multi_thread().worker_threads(1).build();
    const auto entered = rt.enter();
    int round = 0;
    test::until_seen({"woken first", "dropped first"}, [&](const test::outcome_counter& count) {
        const auto start = edo::clock::now() + 100us;  // late enough for the slowest build
        auto iv = edo::interval_at(start, 1s);
        auto first = test::by_hand(iv.tick());
        if (first.poll()) { return; }
        const auto end =
            std::chrono::steady_clock::now() + std::chrono::microseconds(++round * 37 % 2500);
        while (std::chrono::steady_clock::now() < end) { edo::detail::cpu_relax(); }
        first.drop();
        auto second = test::by_hand(iv.tick());
        if (!second.poll()) { second.wait_woken(); }
        EXPECT_EQ(second.take(), start) << "a tick was lost";
        auto third = test::by_hand(iv.tick());
        if (third.poll()) { EXPECT_EQ(third.take(), start + 1s) << "a tick came twice"; }
        count(outcome(first));
    });
}

}  // namespace
