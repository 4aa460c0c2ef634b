// Senders and the receiver of an mpsc channel on several threads.
#include <edo/sync/mpsc.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "support/poll.hpp"
#include "support/race.hpp"
#include "support/runtime_fixture.hpp"

namespace {

namespace test = edo::test;
using edo::sync::mpsc;
using edo::sync::mpsc_receiver;
using edo::sync::mpsc_sender;
using edo::sync::mpsc_unbounded;
using message = std::shared_ptr<int>;

class sync_mpsc_stress : public test::leak_check {};

TEST_F(sync_mpsc_stress, send_against_the_first_poll) {
    test::opponent other;
    auto ends = mpsc<int>(4);
    test::until_seen({"ready", "woken"}, [&] {
        auto receiving = test::by_hand(ends.second.recv());
        bool ready = false;
        other.race([&] { ready = receiving.poll(); },
                   [&] { EXPECT_TRUE(ends.first.try_send(7).has_value()); });
        EXPECT_EQ(receiving.wakes(), ready ? 0 : 1);
        EXPECT_EQ(receiving.take(), 7);
        return ready ? "ready" : "woken";
    });
}

TEST_F(sync_mpsc_stress, send_against_the_drop_of_a_receive) {
    test::opponent other;
    auto ends = mpsc<int>(4);
    test::until_seen({"woken", "dropped first"}, [&] {
        auto receiving = test::by_hand(ends.second.recv());
        EXPECT_FALSE(receiving.poll());
        other.race([&] { receiving.drop(); },
                   [&] { EXPECT_TRUE(ends.first.try_send(7).has_value()); });
        EXPECT_EQ(ends.second.try_recv().value(), 7);
        return receiving.is_woken() ? "woken" : "dropped first";
    });
}

TEST_F(sync_mpsc_stress, send_against_the_drop_of_a_recv_many) {
    test::opponent other;
    auto ends = mpsc<int>(4);
    test::until_seen({"woken", "dropped first"}, [&] {
        std::vector<int> got;
        auto receiving = test::by_hand(ends.second.recv_many(got, 4));
        EXPECT_FALSE(receiving.poll());
        other.race([&] { receiving.drop(); },
                   [&] { EXPECT_TRUE(ends.first.try_send(7).has_value()); });
        EXPECT_TRUE(got.empty());
        EXPECT_EQ(ends.second.try_recv().value(), 7);
        return receiving.is_woken() ? "woken" : "dropped first";
    });
}

TEST_F(sync_mpsc_stress, two_sends_wake_once) {
    // The second slot may be written before the first one; then only the first send may wake.
    test::opponent other;
    auto ends = mpsc<int>(4);
    for (int i = 0; i < 20'000; ++i) {
        auto receiving = test::by_hand(ends.second.recv());
        EXPECT_FALSE(receiving.poll());
        other.race([&] { static_cast<void>(ends.first.try_send(1)); },
                   [&] { static_cast<void>(ends.first.try_send(1)); });
        ASSERT_EQ(receiving.wakes(), 1);
        EXPECT_EQ(receiving.take(), 1);
        EXPECT_EQ(ends.second.try_recv().value(), 1);
        EXPECT_FALSE(ends.second.try_recv().has_value());
    }
}

TEST_F(sync_mpsc_stress, dropping_tx) {
    test::opponent other;
    test::until_seen({"ready", "woken"}, [&] {
        auto ends = mpsc<int>(1);
        std::optional<mpsc_sender<int>> tx(std::move(ends.first));
        auto receiving = test::by_hand(ends.second.recv());
        bool ready = false;
        other.race([&] { ready = receiving.poll(); }, [&] { tx.reset(); });
        EXPECT_EQ(receiving.wakes(), ready ? 0 : 1);
        EXPECT_EQ(receiving.take(), std::nullopt);
        return ready ? "ready" : "woken";
    });
}

TEST_F(sync_mpsc_stress, send_then_drop_gives_the_value_and_the_end) {
    test::opponent other;
    for (int i = 0; i < 5000; ++i) {
        auto ends = mpsc<int>(1);
        std::optional<mpsc_sender<int>> tx(std::move(ends.first));
        other.overlap(
            [&] {
                EXPECT_EQ(ends.second.blocking_recv(), 7);
                EXPECT_EQ(ends.second.blocking_recv(), std::nullopt);
            },
            [&] {
                EXPECT_TRUE(tx->try_send(7).has_value());
                tx.reset();
            });
    }
}

TEST_F(sync_mpsc_stress, send_against_the_drop_of_the_receiver) {
    test::opponent other;
    test::until_seen({"sent", "came back"}, [&] {
        auto value = std::make_shared<int>(1);
        bool sent = false;
        {
            auto ends = mpsc<message>(1);
            std::optional<mpsc_receiver<message>> rx(std::move(ends.second));
            other.race([&] { rx.reset(); }, [&] { sent = ends.first.try_send(value).has_value(); });
            EXPECT_TRUE(ends.first.is_closed());
        }
        EXPECT_EQ(value.use_count(), 1);
        return sent ? "sent" : "came back";
    });
}

TEST_F(sync_mpsc_stress, receive_against_the_drop_of_the_first_waiting_send) {
    test::opponent other;
    auto ends = mpsc<int>(1);
    auto& [tx, rx] = ends;
    test::until_seen({"passed on", "dropped first"}, [&] {
        EXPECT_TRUE(ends.first.try_send(0).has_value());
        auto first = test::by_hand(ends.first.send(1));
        auto second = test::by_hand(ends.first.send(2));
        EXPECT_FALSE(first.poll());
        EXPECT_FALSE(second.poll());
        other.race([&] { first.drop(); }, [&] { EXPECT_EQ(ends.second.try_recv().value(), 0); });
        EXPECT_EQ(second.wakes(), 1);
        EXPECT_TRUE(second.take().has_value());
        EXPECT_EQ(ends.second.try_recv().value(), 2);
        return first.is_woken() ? "passed on" : "dropped first";
    });
    EXPECT_EQ(tx.capacity(), rx.max_capacity());
}

TEST_F(sync_mpsc_stress, close_against_a_waiting_reserve) {
    test::opponent other;
    test::until_seen({"granted", "closed"}, [&] {
        auto ends = mpsc<int>(1);
        auto held = ends.first.try_reserve();
        auto waiting = test::by_hand(ends.first.reserve());
        EXPECT_FALSE(waiting.poll());
        other.race([&] { ends.second.close(); },
                   [&] {
                       { auto gone = std::move(held); }
                   });
        EXPECT_EQ(waiting.wakes(), 1);
        bool granted = false;
        {
            auto permit = waiting.take();
            granted = permit.has_value();
            EXPECT_EQ(ends.second.try_recv().error() == edo::sync::try_recv_error::empty, granted);
        }
        EXPECT_EQ(ends.second.blocking_recv(), std::nullopt);
        return granted ? "granted" : "closed";
    });
}

TEST_F(sync_mpsc_stress, the_last_permit_against_the_poll_of_a_closed_receiver) {
    test::opponent other;
    test::until_seen({"ready", "woken"}, [&] {
        auto ends = mpsc<int>(2);
        auto permits = ends.first.try_reserve_many(2);
        ends.second.close();
        auto receiving = test::by_hand(ends.second.recv());
        bool ready = false;
        other.race([&] { ready = receiving.poll(); },
                   [&] {
                       { auto gone = std::move(permits); }
                   });
        EXPECT_EQ(receiving.wakes(), ready ? 0 : 1);
        EXPECT_EQ(receiving.take(), std::nullopt);
        return ready ? "ready" : "woken";
    });
}

TEST_F(sync_mpsc_stress, upgrade_against_the_drop_of_the_last_sender) {
    test::opponent other;
    test::until_seen({"upgraded", "too late"}, [&] {
        auto ends = mpsc<int>(1);
        auto weak = ends.first.downgrade();
        std::optional<mpsc_sender<int>> tx(std::move(ends.first));
        bool upgraded = false;
        other.race([&] { upgraded = weak.upgrade().has_value(); }, [&] { tx.reset(); });
        EXPECT_TRUE(ends.second.is_closed());
        return upgraded ? "upgraded" : "too late";
    });
}

TEST_F(sync_mpsc_stress, try_recv_finds_what_was_sent) {
    auto [tx, rx] = mpsc_unbounded<int>();
    std::atomic<int> completed{0};
    constexpr int per_sender = 50'000;
    std::vector<std::thread> senders;
    for (int t = 0; t < 3; ++t) {
        senders.emplace_back([copy = tx, &completed] {
            for (int i = 0; i < per_sender; ++i) {
                static_cast<void>(copy.send(i));
                ++completed;
            }
        });
    }
    for (int received = 0; received < 3 * per_sender;) {
        const int sent = completed.load();
        if (rx.try_recv().has_value()) {
            ++received;
        } else {
            ASSERT_LE(sent, received);
            std::this_thread::yield();
        }
    }
    for (auto& sender : senders) { sender.join(); }
    EXPECT_TRUE(rx.empty());
}

TEST_F(sync_mpsc_stress, every_sender_keeps_its_order) {
    for (std::size_t capacity : {1U, 7U, 64U}) {
        auto ends = mpsc<std::pair<int, int>>(capacity);
        std::vector<std::thread> senders;
        for (int t = 0; t < 4; ++t) {
            senders.emplace_back([copy = ends.first, t] {
                for (int i = 0; i < 3000; ++i) {
                    if (copy.try_send(std::pair(t, i))) { continue; }
                    EXPECT_TRUE(copy.blocking_send(std::pair(t, i)).has_value());
                }
            });
        }
        { auto gone = std::move(ends.first); }
        std::vector<int> next(4);
        std::vector<std::pair<int, int>> batch;
        while (ends.second.blocking_recv_many(batch, 5) != 0) {
            for (const auto& [sender, value] : batch) {
                ASSERT_EQ(value, next[static_cast<std::size_t>(sender)]++);
            }
            batch.clear();
        }
        EXPECT_EQ(next, std::vector<int>(4, 3000));
        for (auto& sender : senders) { sender.join(); }
    }
}

}  // namespace
