// What ends a wait against the drop of the one that waits, for each leaf of the sync module. Mutex
// and notify have files of their own.
#include <edo/edo.hpp>
#include <edo/sync/barrier.hpp>
#include <edo/sync/condition_variable.hpp>
#include <edo/sync/event.hpp>
#include <edo/sync/latch.hpp>
#include <edo/sync/mutex.hpp>
#include <edo/sync/once_cell.hpp>
#include <edo/sync/rw_lock.hpp>
#include <edo/sync/semaphore.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "support/poll.hpp"
#include "support/race.hpp"
#include "support/runtime_fixture.hpp"

namespace {

namespace test = edo::test;
using edo::sync::barrier;
using edo::sync::condition_variable;
using edo::sync::event;
using edo::sync::event_reset;
using edo::sync::latch;
using edo::sync::mutex;
using edo::sync::rw_lock;
using edo::sync::semaphore;
using edo::sync::set_once;

class sync_drop_stress : public test::leak_check {};

template <class Polled>
const char* outcome(const Polled& dropped) {
    return dropped.is_woken() ? "woken first" : "dropped first";
}

TEST_F(sync_drop_stress, semaphore_acquire) {
    test::opponent other;
    test::until_seen({"woken first", "dropped first"}, [&] {
        semaphore s(0);
        auto first = test::by_hand(s.acquire());
        auto second = test::by_hand(s.acquire());
        EXPECT_FALSE(first.poll());
        EXPECT_FALSE(second.poll());
        other.race([&] { first.drop(); }, [&] { s.add_permits(1); });
        EXPECT_EQ(second.wakes(), 1);
        EXPECT_EQ(s.available_permits(), 0U);
        EXPECT_TRUE(second.take().has_value());
        EXPECT_EQ(s.available_permits(), 1U);
        return outcome(first);
    });
}

TEST_F(sync_drop_stress, semaphore_acquire_of_many) {
    // The first one has two of three when the third one comes.
    test::opponent other;
    test::until_seen({"woken first", "dropped first"}, [&] {
        semaphore s(2);
        auto first = test::by_hand(s.acquire(3));
        auto second = test::by_hand(s.acquire(2));
        auto third = test::by_hand(s.acquire(1));
        EXPECT_FALSE(first.poll());
        EXPECT_FALSE(second.poll());
        EXPECT_FALSE(third.poll());
        other.race([&] { first.drop(); }, [&] { s.add_permits(1); });
        EXPECT_EQ(second.wakes(), 1);
        EXPECT_EQ(third.wakes(), 1);
        EXPECT_EQ(s.available_permits(), 0U);
        second.drop();
        third.drop();
        EXPECT_EQ(s.available_permits(), 3U);
        return outcome(first);
    });
}

TEST_F(sync_drop_stress, semaphore_acquire_against_close) {
    test::opponent other;
    test::until_seen({"woken first", "dropped first"}, [&] {
        semaphore s(1);
        auto first = test::by_hand(s.acquire(2));
        auto second = test::by_hand(s.acquire(2));
        EXPECT_FALSE(first.poll());
        EXPECT_FALSE(second.poll());
        other.race([&] { first.drop(); }, [&] { s.close(); });
        EXPECT_EQ(second.wakes(), 1);
        EXPECT_FALSE(second.take().has_value());
        EXPECT_EQ(s.available_permits(), 1U);
        return outcome(first);
    });
}

TEST_F(sync_drop_stress, rw_lock_read) {
    test::opponent other;
    test::until_seen({"woken first", "dropped first"}, [&] {
        rw_lock<int> l;
        auto held = l.try_write();
        auto first = test::by_hand(l.read());
        auto second = test::by_hand(l.write());
        EXPECT_FALSE(first.poll());
        EXPECT_FALSE(second.poll());
        other.race([&] { first.drop(); }, [&] { held.reset(); });
        EXPECT_EQ(second.wakes(), 1);
        EXPECT_FALSE(l.try_read().has_value());
        second.take().unlock();
        EXPECT_TRUE(l.try_write().has_value());
        return outcome(first);
    });
}

TEST_F(sync_drop_stress, rw_lock_write) {
    test::opponent other;
    test::until_seen({"woken first", "dropped first"}, [&] {
        rw_lock<int> l;
        auto held = l.try_read();
        auto first = test::by_hand(l.write());
        auto second = test::by_hand(l.read());
        auto third = test::by_hand(l.read());
        EXPECT_FALSE(first.poll());
        EXPECT_FALSE(second.poll());
        EXPECT_FALSE(third.poll());
        other.race([&] { first.drop(); }, [&] { held.reset(); });
        EXPECT_EQ(second.wakes(), 1);
        EXPECT_EQ(third.wakes(), 1);
        EXPECT_FALSE(l.try_write().has_value());
        second.take().unlock();
        EXPECT_FALSE(l.try_write().has_value());
        third.drop();
        EXPECT_TRUE(l.try_write().has_value());
        return outcome(first);
    });
}

TEST_F(sync_drop_stress, rw_lock_write_against_a_downgrade) {
    test::opponent other;
    test::until_seen({"woken first", "dropped first"}, [&] {
        rw_lock<int> l;
        auto held = l.try_write();
        auto first = test::by_hand(l.read());
        auto second = test::by_hand(l.read());
        auto writer = test::by_hand(l.write());
        EXPECT_FALSE(first.poll());
        EXPECT_FALSE(second.poll());
        EXPECT_FALSE(writer.poll());
        std::optional<rw_lock<int>::read_guard> reader;
        other.race([&] { first.drop(); }, [&] { reader.emplace(std::move(*held).downgrade()); });
        EXPECT_EQ(second.wakes(), 1);
        EXPECT_EQ(writer.wakes(), 0);
        second.take().unlock();
        EXPECT_EQ(writer.wakes(), 0);
        reader.reset();
        EXPECT_EQ(writer.wakes(), 1);
        return outcome(first);
    });
}

/// Whether `size` waits fill the barrier, no more and no fewer.
void expect_full_generation(barrier& b, std::size_t size) {
    auto waiting = test::line_of(size - 1, [&] { return b.wait(); });
    auto last = test::by_hand(b.wait());
    ASSERT_TRUE(last.poll());
    EXPECT_TRUE(last.take().is_leader());
    for (auto& w : waiting) {
        EXPECT_EQ(w.wakes(), 1);
        EXPECT_FALSE(w.take().is_leader());
    }
}

void barrier_against_a_drop(std::size_t size) {
    test::opponent other;
    test::until_seen({"woken first", "dropped first"}, [&] {
        barrier b(size);
        auto waiting = test::line_of(size - 1, [&] { return b.wait(); });
        auto& dropped = waiting.back();
        auto last = test::by_hand(b.wait());
        bool all_came = false;
        other.race([&] { dropped.drop(); }, [&] { all_came = last.poll(); });
        if (!all_came) {
            EXPECT_FALSE(dropped.is_woken());
            auto substitute = test::by_hand(b.wait());
            EXPECT_TRUE(substitute.poll());
            EXPECT_TRUE(last.is_woken());
        }
        for (std::size_t i = 0; i + 2 < size; ++i) { EXPECT_EQ(waiting[i].wakes(), 1); }
        expect_full_generation(b, size);
        return all_came ? "woken first" : "dropped first";
    });
}

TEST_F(sync_drop_stress, barrier_wait) { barrier_against_a_drop(2); }

TEST_F(sync_drop_stress, barrier_wait_of_more_than_a_batch) { barrier_against_a_drop(80); }

TEST_F(sync_drop_stress, latch_wait) {
    test::opponent other;
    test::until_seen({"woken first", "dropped first"}, [&] {
        latch l(1);
        auto first = test::by_hand(l.wait());
        auto second = test::by_hand(l.wait());
        EXPECT_FALSE(first.poll());
        EXPECT_FALSE(second.poll());
        other.race([&] { first.drop(); }, [&] { l.count_down(); });
        EXPECT_EQ(second.wakes(), 1);
        EXPECT_TRUE(l.try_wait());
        return outcome(first);
    });
}

TEST_F(sync_drop_stress, manual_event_wait) {
    test::opponent other;
    test::until_seen({"woken first", "dropped first"}, [&] {
        event e;
        auto first = test::by_hand(e.wait());
        auto second = test::by_hand(e.wait());
        EXPECT_FALSE(first.poll());
        EXPECT_FALSE(second.poll());
        other.race([&] { first.drop(); }, [&] { e.set(); });
        EXPECT_EQ(second.wakes(), 1);
        EXPECT_TRUE(e.is_set());
        e.reset();
        EXPECT_TRUE(second.poll());
        return outcome(first);
    });
}

TEST_F(sync_drop_stress, automatic_event_wait) {
    test::opponent other;
    test::until_seen({"woken first", "dropped first"}, [&] {
        event e(event_reset::automatic);
        auto line = test::line_of(3, [&] { return e.wait(); });
        auto &first = line[0], &second = line[1], &third = line[2];
        other.race([&] { first.drop(); }, [&] { e.set(); });
        EXPECT_EQ(second.wakes(), 1);
        EXPECT_EQ(third.wakes(), 0);
        second.take();
        EXPECT_EQ(third.wakes(), 0);
        EXPECT_FALSE(e.is_set());
        return outcome(first);
    });
}

TEST_F(sync_drop_stress, automatic_event_wait_of_the_only_waiter) {
    test::opponent other;
    test::until_seen({"woken first", "dropped first"}, [&] {
        event e(event_reset::automatic);
        auto only = test::by_hand(e.wait());
        EXPECT_FALSE(only.poll());
        other.race([&] { only.drop(); }, [&] { e.set(); });
        EXPECT_TRUE(e.is_set());
        return outcome(only);
    });
}

TEST_F(sync_drop_stress, automatic_event_against_the_first_poll) {
    test::opponent other;
    test::until_seen({"ready", "woken"}, [&] {
        event e(event_reset::automatic);
        auto waiting = test::by_hand(e.wait());
        bool ready = false;
        other.race([&] { ready = waiting.poll(); }, [&] { e.set(); });
        EXPECT_EQ(waiting.wakes(), ready ? 0 : 1);
        waiting.take();
        EXPECT_FALSE(e.is_set());
        return ready ? "ready" : "woken";
    });
}

TEST_F(sync_drop_stress, automatic_event_set_twice_against_other_polls) {
    // Whatever the one that waits sees of them, it takes one of the two.
    test::opponent other;
    for (int i = 0; i < 20'000 && !HasFailure(); ++i) {
        event e(event_reset::automatic);
        auto waiting = test::by_hand(e.wait());
        EXPECT_FALSE(waiting.poll());
        other.overlap(
            [&] {
                while (!waiting.poll()) {}
            },
            [&] {
                e.set();
                e.set();
            });
        EXPECT_EQ(waiting.wakes(), 1);
        waiting.take();
        EXPECT_TRUE(e.is_set());
    }
}

TEST_F(sync_drop_stress, set_once_wait) {
    test::opponent other;
    test::until_seen({"woken first", "dropped first"}, [&] {
        set_once<int> once;
        auto first = test::by_hand(once.wait());
        auto second = test::by_hand(once.wait());
        EXPECT_FALSE(first.poll());
        EXPECT_FALSE(second.poll());
        other.race([&] { first.drop(); }, [&] { EXPECT_TRUE(once.set(5).has_value()); });
        EXPECT_EQ(second.wakes(), 1);
        EXPECT_EQ(second.take(), 5);
        return outcome(first);
    });
}

struct waiting_room {
    condition_variable changed;
    mutex<int> inside{0};
    std::atomic<int> passed{0};
};

edo::task<> wait_for_change(std::shared_ptr<waiting_room> room) {
    auto guard = co_await room->inside.lock();
    ++*guard;
    co_await room->changed.wait(guard);
    ++room->passed;
}

TEST_F(sync_drop_stress, condition_variable_wait) {
    auto rt = edo::runtime::multi_thread().worker_threads(1).build();
    test::opponent other;
    test::until_seen({"woken first", "dropped first"}, [&] {
        auto room = std::make_shared<waiting_room>();
        const auto enter = [&](int count) {
            auto handle = rt.spawn(wait_for_change, room);
            // Who is counted waits as soon as the lock can be had again.
            while (*room->inside.blocking_lock() != count) { std::this_thread::yield(); }
            return handle;
        };
        auto first = enter(1);
        auto second = enter(2);
        auto third = enter(3);
        other.race([&] { first.abort(); }, [&] { room->changed.notify_one(); });
        const bool went_on = rt.block_on(first.join()).has_value();
        if (went_on) { room->changed.notify_one(); }
        EXPECT_TRUE(rt.block_on(second.join()).has_value());
        EXPECT_EQ(room->passed, went_on ? 2 : 1);
        EXPECT_FALSE(third.is_finished());
        room->changed.notify_one();
        EXPECT_TRUE(rt.block_on(third.join()).has_value());
        return went_on ? "woken first" : "dropped first";
    });
}

}  // namespace
