// The two ends of a oneshot on two threads.
#include <edo/sync/oneshot.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <utility>

#include "support/poll.hpp"
#include "support/race.hpp"
#include "support/runtime_fixture.hpp"

namespace {

namespace test = edo::test;
using edo::sync::oneshot;
using message = std::shared_ptr<int>;

class sync_oneshot_stress : public test::leak_check {};

TEST_F(sync_oneshot_stress, send_against_the_first_poll) {
    test::opponent other;
    test::until_seen({"ready", "woken"}, [&] {
        auto [tx, rx] = oneshot<int>();
        auto waiting = test::by_hand(rx);
        bool ready = false;
        other.race([&] { ready = waiting.poll(); },
                   [&end = tx] { EXPECT_TRUE(end.send(7).has_value()); });
        EXPECT_EQ(waiting.wakes(), ready ? 0 : 1);
        EXPECT_EQ(waiting.take().value(), 7);
        return ready ? "ready" : "woken";
    });
}

TEST_F(sync_oneshot_stress, send_against_the_drop_of_the_await) {
    test::opponent other;
    test::until_seen({"woken", "dropped first"}, [&] {
        auto [tx, rx] = oneshot<int>();
        auto waiting = test::by_hand(rx);
        EXPECT_FALSE(waiting.poll());
        other.race([&] { waiting.drop(); }, [&end = tx] { EXPECT_TRUE(end.send(7).has_value()); });
        EXPECT_EQ(rx.try_recv().value(), 7);
        return waiting.is_woken() ? "woken" : "dropped first";
    });
}

TEST_F(sync_oneshot_stress, checking_tx_send_ok_not_drop) {
    // A value that was sent with success dies with the receiver, one that was not comes back.
    test::opponent other;
    test::until_seen({"sent", "came back"}, [&] {
        auto value = std::make_shared<int>(1);
        auto ends = oneshot<message>();
        bool sent = false;
        std::optional<edo::sync::oneshot_receiver<message>> rx(std::move(ends.second));
        other.race([&] { rx.reset(); }, [&] { sent = ends.first.send(value).has_value(); });
        EXPECT_EQ(value.use_count(), 1);
        return sent ? "sent" : "came back";
    });
}

TEST_F(sync_oneshot_stress, send_against_the_drop_of_an_owning_await) {
    test::opponent other;
    test::until_seen({"sent", "came back"}, [&] {
        auto value = std::make_shared<int>(1);
        auto ends = oneshot<message>();
        auto waiting = test::by_hand(std::move(ends.second));
        EXPECT_FALSE(waiting.poll());
        bool sent = false;
        other.race([&] { waiting.drop(); }, [&] { sent = ends.first.send(value).has_value(); });
        EXPECT_EQ(value.use_count(), 1);
        return sent ? "sent" : "came back";
    });
}

TEST_F(sync_oneshot_stress, try_recv_close) {
    test::opponent other;
    test::until_seen({"sent", "came back"}, [&] {
        auto [tx, rx] = oneshot<int>();
        bool sent = false;
        bool got = false;
        other.race(
            [&end = rx, &got] {
                end.close();
                got = end.try_recv().has_value();
            },
            [&end = tx, &sent] { sent = end.send(1).has_value(); });
        EXPECT_EQ(sent, got);
        return sent ? "sent" : "came back";
    });
}

TEST_F(sync_oneshot_stress, the_sender_goes_against_the_first_poll) {
    test::opponent other;
    test::until_seen({"ready", "woken"}, [&] {
        auto ends = oneshot<int>();
        std::optional<edo::sync::oneshot_sender<int>> tx(std::move(ends.first));
        auto waiting = test::by_hand(std::move(ends.second));
        bool ready = false;
        other.race([&] { ready = waiting.poll(); }, [&] { tx.reset(); });
        EXPECT_EQ(waiting.wakes(), ready ? 0 : 1);
        EXPECT_FALSE(waiting.take().has_value());
        return ready ? "ready" : "woken";
    });
}

TEST_F(sync_oneshot_stress, close_against_closed) {
    test::opponent other;
    test::until_seen({"ready", "woken", "dropped first"}, [&] {
        auto [tx, rx] = oneshot<int>();
        auto closing = test::by_hand(tx.closed());
        bool ready = false;
        other.race(
            [&] {
                ready = closing.poll();
                other.let_pass();
                closing.drop();
            },
            [&end = rx] { end.close(); });
        if (ready) { return "ready"; }
        return closing.is_woken() ? "woken" : "dropped first";
    });
}

}  // namespace
