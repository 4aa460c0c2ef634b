// Notifications against drops and registrations, on two threads.
#include <edo/sync/notify.hpp>

#include <gtest/gtest.h>

#include <memory>

#include "support/poll.hpp"
#include "support/race.hpp"
#include "support/runtime_fixture.hpp"

namespace {

namespace test = edo::test;
using edo::sync::notify;

class sync_notify_stress : public test::leak_check {};

TEST_F(sync_notify_stress, notify_one_against_the_drop_of_the_first_waiter) {
    test::opponent other;
    test::until_seen({"forwarded", "dropped first"}, [&] {
        notify n;
        auto first = test::by_hand(n.notified());
        auto second = test::by_hand(n.notified());
        EXPECT_FALSE(first.poll());
        EXPECT_FALSE(second.poll());
        other.race([&] { first.drop(); }, [&] { n.notify_one(); });
        EXPECT_EQ(second.wakes(), 1);
        return first.is_woken() ? "forwarded" : "dropped first";
    });
}

TEST_F(sync_notify_stress, notify_one_against_the_drop_of_the_only_waiter_keeps_a_permit) {
    test::opponent other;
    test::until_seen({"forwarded", "dropped first"}, [&] {
        notify n;
        auto only = test::by_hand(n.notified());
        EXPECT_FALSE(only.poll());
        other.race([&] { only.drop(); }, [&] { n.notify_one(); });
        auto next = test::by_hand(n.notified());
        EXPECT_TRUE(next.poll());
        return only.is_woken() ? "forwarded" : "dropped first";
    });
}

TEST_F(sync_notify_stress, notify_one_against_the_first_poll) {
    test::opponent other;
    test::until_seen({"ready", "woken"}, [&] {
        notify n;
        auto waiting = test::by_hand(n.notified());
        bool ready = false;
        other.race([&] { ready = waiting.poll(); }, [&] { n.notify_one(); });
        EXPECT_EQ(waiting.wakes(), ready ? 0 : 1);
        waiting.take();
        auto next = test::by_hand(n.notified());
        EXPECT_FALSE(next.poll());
        return ready ? "ready" : "woken";
    });
}

TEST_F(sync_notify_stress, notify_waiters_against_the_drop_of_a_waiter) {
    test::opponent other;
    test::until_seen({"woken", "dropped first"}, [&] {
        notify n;
        auto first = test::by_hand(n.notified());
        auto second = test::by_hand(n.notified());
        EXPECT_FALSE(first.poll());
        EXPECT_FALSE(second.poll());
        other.race([&] { first.drop(); }, [&] { n.notify_waiters(); });
        EXPECT_EQ(second.wakes(), 1);
        auto next = test::by_hand(n.notified());
        EXPECT_FALSE(next.poll());
        return first.is_woken() ? "woken" : "dropped first";
    });
}

TEST_F(sync_notify_stress, notify_waiters_against_creation_and_poll) {
    test::opponent other;
    test::until_seen({"ready", "woken", "came late"}, [&] {
        notify n;
        std::unique_ptr<test::polled<edo::sync::notified>> waiting;
        bool ready = false;
        other.race(
            [&] {
                waiting = std::make_unique<test::polled<edo::sync::notified>>(n.notified());
                other.let_pass();
                ready = waiting->poll();
            },
            [&] { n.notify_waiters(); });
        if (ready) { return "ready"; }
        return waiting->is_woken() ? "woken" : "came late";
    });
}

TEST_F(sync_notify_stress, notify_waiters_against_notify_one) {
    // Whichever comes first: both waiters are woken, or the permit of notify_one() is left.
    test::opponent other;
    test::until_seen({"one before all", "one after all"}, [&] {
        notify n;
        auto first = test::by_hand(n.notified());
        auto second = test::by_hand(n.notified());
        EXPECT_FALSE(first.poll());
        EXPECT_FALSE(second.poll());
        other.race([&] { n.notify_one(); }, [&] { n.notify_waiters(); });
        EXPECT_EQ(first.wakes(), 1);
        EXPECT_EQ(second.wakes(), 1);
        auto next = test::by_hand(n.notified());
        return next.poll() ? "one after all" : "one before all";
    });
}

TEST_F(sync_notify_stress, the_notify_dies_with_its_waiter) {
    test::opponent other;
    for (int i = 0; i < 2000; ++i) {
        auto n = std::make_unique<notify>();
        auto waiting = test::by_hand(n->notified());
        EXPECT_FALSE(waiting.poll());
        other.overlap(
            [&] {
                waiting.wait_woken();
                waiting.take();
                n.reset();
            },
            [&who = *n, i] { i % 2 == 0 ? who.notify_one() : who.notify_waiters(); });
    }
}

}  // namespace
