// Unlocking against drops and registrations, on several threads.
#include <edo/sync/mutex.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "support/poll.hpp"
#include "support/race.hpp"
#include "support/runtime_fixture.hpp"

namespace {

namespace test = edo::test;
using edo::sync::mutex;

class sync_mutex_stress : public test::leak_check {};

TEST_F(sync_mutex_stress, unlock_against_the_first_poll) {
    test::opponent other;
    test::until_seen({"ready", "woken"}, [&] {
        mutex m;
        auto guard = m.try_lock();
        auto waiting = test::by_hand(m.lock());
        bool ready = false;
        other.race([&] { ready = waiting.poll(); }, [&] { guard.reset(); });
        EXPECT_EQ(waiting.wakes(), ready ? 0 : 1);
        waiting.take().unlock();
        EXPECT_TRUE(m.try_lock().has_value());
        return ready ? "ready" : "woken";
    });
}

TEST_F(sync_mutex_stress, unlock_against_the_drop_of_the_first_waiter) {
    test::opponent other;
    test::until_seen({"passed on", "dropped first"}, [&] {
        mutex m;
        auto guard = m.try_lock();
        auto first = test::by_hand(m.lock());
        auto second = test::by_hand(m.lock());
        EXPECT_FALSE(first.poll());
        EXPECT_FALSE(second.poll());
        other.race([&] { first.drop(); }, [&] { guard.reset(); });
        EXPECT_EQ(second.wakes(), 1);
        EXPECT_FALSE(m.try_lock().has_value());
        second.take().unlock();
        EXPECT_TRUE(m.try_lock().has_value());
        return first.is_woken() ? "passed on" : "dropped first";
    });
}

TEST_F(sync_mutex_stress, unlock_against_the_drop_of_the_only_waiter) {
    test::opponent other;
    test::until_seen({"passed on", "dropped first"}, [&] {
        mutex m;
        auto guard = m.try_lock();
        auto only = test::by_hand(m.lock());
        EXPECT_FALSE(only.poll());
        other.race([&] { only.drop(); }, [&] { guard.reset(); });
        EXPECT_TRUE(m.try_lock().has_value());
        return only.is_woken() ? "passed on" : "dropped first";
    });
}

TEST_F(sync_mutex_stress, the_mutex_dies_with_the_last_lock) {
    test::opponent other;
    for (int i = 0; i < 2000; ++i) {
        auto m = std::make_unique<mutex<>>();
        auto guard = m->try_lock();
        auto waiting = test::by_hand(m->lock());
        EXPECT_FALSE(waiting.poll());
        other.overlap(
            [&] {
                waiting.wait_woken();
                waiting.take().unlock();
                m.reset();
            },
            [&] { guard.reset(); });
    }
}

TEST_F(sync_mutex_stress, blocking_locks_drops_and_tries_exclude) {
    mutex m(0L);
    constexpr int rounds = 5000;
    std::vector<std::thread> threads;
    for (int t = 0; t < 2; ++t) {
        threads.emplace_back([&m] {
            for (int i = 0; i < rounds; ++i) { ++*m.blocking_lock(); }
        });
    }
    threads.emplace_back([&m] {
        for (int i = 0; i < rounds; ++i) {
            auto waiting = test::by_hand(m.lock());
            static_cast<void>(waiting.poll());
        }
    });
    long added = 0;
    for (int i = 0; i < rounds; ++i) {
        if (auto guard = m.try_lock()) {
            ++**guard;
            ++added;
        }
    }
    for (auto& thread : threads) { thread.join(); }
    EXPECT_EQ(*m.blocking_lock(), 2 * rounds + added);
}

}  // namespace
