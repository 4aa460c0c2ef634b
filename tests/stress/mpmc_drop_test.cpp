// What ends a wait at an mpmc channel against the drop of the one that waits: nothing is lost, nothing
// comes twice.
#include <edo/sync/mpmc.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "support/poll.hpp"
#include "support/race.hpp"
#include "support/runtime_fixture.hpp"

namespace {

namespace test = edo::test;
using edo::sync::mpmc;
using message = std::shared_ptr<int>;

class mpmc_drop_stress : public test::leak_check {};

template <class Polled>
const char* outcome(const Polled& dropped) {
    return dropped.is_woken() ? "woken first" : "dropped first";
}

TEST_F(mpmc_drop_stress, recv) {
    test::opponent other;
    auto ends = mpmc<int>(4);
    test::until_seen({"woken first", "dropped first"}, [&] {
        auto first = test::by_hand(ends.second.recv());
        auto second = test::by_hand(ends.second.recv());
        auto third = test::by_hand(ends.second.recv());
        EXPECT_FALSE(first.poll());
        EXPECT_FALSE(second.poll());
        EXPECT_FALSE(third.poll());
        other.race([&] { first.drop(); }, [&] { EXPECT_TRUE(ends.first.try_send(7)); });
        EXPECT_EQ(second.wakes(), 1);
        EXPECT_EQ(second.take(), 7);
        EXPECT_EQ(third.wakes(), 0);
        EXPECT_EQ(ends.second.size(), 0U);
        EXPECT_EQ(ends.first.capacity(), 4U);
        return outcome(first);
    });
}

TEST_F(mpmc_drop_stress, recv_of_the_only_waiter) {
    test::opponent other;
    auto ends = mpmc<int>(4);
    test::until_seen({"woken first", "dropped first"}, [&] {
        auto only = test::by_hand(ends.second.recv());
        EXPECT_FALSE(only.poll());
        other.race([&] { only.drop(); }, [&] { EXPECT_TRUE(ends.first.try_send(7)); });
        EXPECT_EQ(ends.second.try_recv(), 7);
        EXPECT_FALSE(ends.second.try_recv().has_value());
        EXPECT_EQ(ends.first.capacity(), 4U);
        return outcome(only);
    });
}

TEST_F(mpmc_drop_stress, recv_against_the_last_value_and_the_end_of_the_sender) {
    test::opponent other;
    test::until_seen({"woken first", "dropped first"}, [&] {
        auto ends = mpmc<int>(4);
        std::optional tx(std::move(ends.first));
        auto first = test::by_hand(ends.second.recv());
        auto second = test::by_hand(ends.second.recv());
        auto third = test::by_hand(ends.second.recv());
        EXPECT_FALSE(first.poll());
        EXPECT_FALSE(second.poll());
        EXPECT_FALSE(third.poll());
        other.race([&] { first.drop(); },
                   [&] {
                       EXPECT_TRUE(tx->try_send(7));
                       tx.reset();
                   });
        EXPECT_EQ(second.wakes(), 1);
        EXPECT_EQ(third.wakes(), 1);
        EXPECT_EQ(second.take(), 7);
        EXPECT_EQ(third.take(), std::nullopt);
        return outcome(first);
    });
}

TEST_F(mpmc_drop_stress, send) {
    test::opponent other;
    auto ends = mpmc<message>(1);
    test::until_seen({"woken first", "dropped first"}, [&] {
        const auto lost = std::make_shared<int>(1);
        EXPECT_TRUE(ends.first.try_send(nullptr));
        auto first = test::by_hand(ends.first.send(lost));
        auto second = test::by_hand(ends.first.send(std::make_shared<int>(2)));
        auto third = test::by_hand(ends.first.send(std::make_shared<int>(3)));
        EXPECT_FALSE(first.poll());
        EXPECT_FALSE(second.poll());
        EXPECT_FALSE(third.poll());
        other.race([&] { first.drop(); }, [&] { EXPECT_EQ(ends.second.try_recv(), nullptr); });
        EXPECT_EQ(lost.use_count(), 1);
        EXPECT_EQ(second.wakes(), 1);
        EXPECT_EQ(third.wakes(), 0);
        EXPECT_TRUE(second.take().has_value());
        EXPECT_EQ(ends.second.size(), 1U);
        EXPECT_EQ(*ends.second.try_recv().value(), 2);
        EXPECT_EQ(third.wakes(), 1);
        third.drop();
        EXPECT_EQ(ends.first.capacity(), 1U);
        return outcome(first);
    });
}

TEST_F(mpmc_drop_stress, send_of_the_only_waiter) {
    test::opponent other;
    auto ends = mpmc<message>(1);
    test::until_seen({"woken first", "dropped first"}, [&] {
        const auto lost = std::make_shared<int>(1);
        EXPECT_TRUE(ends.first.try_send(nullptr));
        auto only = test::by_hand(ends.first.send(lost));
        EXPECT_FALSE(only.poll());
        other.race([&] { only.drop(); }, [&] { EXPECT_EQ(ends.second.try_recv(), nullptr); });
        EXPECT_EQ(lost.use_count(), 1);
        EXPECT_EQ(ends.second.size(), 0U);
        EXPECT_EQ(ends.first.capacity(), 1U);
        return outcome(only);
    });
}

TEST_F(mpmc_drop_stress, send_against_close) {
    test::opponent other;
    test::until_seen({"woken first", "dropped first"}, [&] {
        const auto lost = std::make_shared<int>(1);
        auto ends = mpmc<message>(1);
        EXPECT_TRUE(ends.first.try_send(nullptr));
        auto first = test::by_hand(ends.first.send(lost));
        auto second = test::by_hand(ends.first.send(std::make_shared<int>(2)));
        EXPECT_FALSE(first.poll());
        EXPECT_FALSE(second.poll());
        other.race([&] { first.drop(); }, [&] { ends.second.close(); });
        EXPECT_EQ(lost.use_count(), 1);
        EXPECT_EQ(second.wakes(), 1);
        EXPECT_EQ(*second.take().error().value(), 2);
        EXPECT_EQ(ends.second.try_recv(), nullptr);
        EXPECT_EQ(ends.second.try_recv().error(), edo::sync::try_recv_error::closed);
        return outcome(first);
    });
}

TEST_F(mpmc_drop_stress, reserve) {
    test::opponent other;
    auto ends = mpmc<int>(1);
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

TEST_F(mpmc_drop_stress, reserve_many) {
    // The first one has two of three places when the third place comes.
    test::opponent other;
    auto ends = mpmc<int>(3);
    test::until_seen({"woken first", "dropped first"}, [&] {
        EXPECT_TRUE(ends.first.try_send(0).has_value());
        auto first = test::by_hand(ends.first.reserve_many(3));
        auto second = test::by_hand(ends.first.reserve_many(2));
        EXPECT_FALSE(first.poll());
        EXPECT_FALSE(second.poll());
        other.race([&] { first.drop(); }, [&] { EXPECT_EQ(ends.second.try_recv().value(), 0); });
        EXPECT_EQ(second.wakes(), 1);
        EXPECT_EQ(ends.first.capacity(), 1U);
        second.drop();
        EXPECT_EQ(ends.first.capacity(), 3U);
        return outcome(first);
    });
}

TEST_F(mpmc_drop_stress, the_last_permit_against_the_drop_of_a_receiver) {
    // A receiver that has closed waits for the places that are taken.
    test::opponent other;
    test::until_seen({"woken first", "dropped first"}, [&] {
        auto ends = mpmc<int>(2);
        auto held = ends.first.try_reserve();
        ends.second.close();
        auto first = test::by_hand(ends.second.recv());
        auto second = test::by_hand(ends.second.recv());
        EXPECT_FALSE(first.poll());
        EXPECT_FALSE(second.poll());
        other.race([&] { first.drop(); }, [&] { held->send(7); });
        EXPECT_EQ(second.wakes(), 1);
        EXPECT_EQ(second.take(), 7);
        EXPECT_EQ(ends.second.try_recv().error(), edo::sync::try_recv_error::closed);
        return outcome(first);
    });
}

TEST_F(mpmc_drop_stress, recv_many) {
    test::opponent other;
    auto ends = mpmc<int>(4);
    std::vector<int> lost, out;
    test::until_seen({"woken first", "dropped first"}, [&] {
        auto first = test::by_hand(ends.second.recv_many(lost, 4));
        auto second = test::by_hand(ends.second.recv_many(out, 4));
        EXPECT_FALSE(first.poll());
        EXPECT_FALSE(second.poll());
        other.race([&] { first.drop(); }, [&] { EXPECT_TRUE(ends.first.try_send(7)); });
        EXPECT_EQ(second.wakes(), 1);
        EXPECT_EQ(second.take(), 1U);
        EXPECT_EQ(out.back(), 7);
        EXPECT_TRUE(lost.empty());
        EXPECT_EQ(ends.first.capacity(), 4U);
        return outcome(first);
    });
}

TEST_F(mpmc_drop_stress, closed) {
    test::opponent other;
    test::until_seen({"woken first", "dropped first"}, [&] {
        auto ends = mpmc<int>(1);
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

}  // namespace
