// A timer that fires while it is taken back: one of the two, and nothing is touched afterwards.
#include "support/explorer.hpp"
#include "time/driver.hpp"

#include <edo/coro/detail/thread_cell.hpp>

#include <gtest/gtest.h>

namespace {

using namespace edo::detail;
using edo::model::check;
using edo::model::holds;
using edo::model::thread;

/// Waits for a timer as `sleep` does.
class sleeper final : public thread_cell {
public:
    void leave_behind(timer_shard& shard, timer_entry& entry) {
        entry.deadline = edo::clock::time_point(tick_length);
        entry.waiter = &root();
        static_cast<void>(shard.add(entry));
    }
    void wait_or_leave(timer_shard& shard, bool waits) {
        timer_entry entry;
        entry.deadline = edo::clock::time_point(tick_length);
        entry.waiter = &root();
        static_cast<void>(take_wake());
        seen = !seen;
        static_cast<void>(shard.add(entry));
        if (waits) {
            for (;;) {
                const auto now = state.look();
                if (((now & state_word::wake) != 0) != seen) { break; }
                if (!state.park(now)) { continue; }
                while (!take_wake()) { parker::this_thread().park(); }
            }
            check(shard.remove(entry), "it has fired");
        } else {
            static_cast<void>(shard.remove(entry));
        }
        check(shard.registered() == 0, "a timer is left");
    }
};

void fires() {
    timer_shard shard{edo::clock::time_point()};
    sleeper waiting;
    atomic<bool> is_through{false};
    const thread driver([&] {
        while (!is_through.load(acquire)) {
            shard.fire(2);
            cpu_relax();
        }
    });
    waiting.wait_or_leave(shard, true);
    is_through.store(true, release);
}
void fires_while_it_is_dropped() {
    timer_shard shard{edo::clock::time_point()};
    sleeper waiting;
    const thread driver([&] { shard.fire(2); });
    waiting.wait_or_leave(shard, false);
}

TEST(timer, wakes_its_waiter) { holds(fires, {.preemptions = 2}); }
// What remove() is for: without it the driver touches a task that is gone.
void leaves_without_a_word() {
    timer_shard shard{edo::clock::time_point()};
    timer_entry entry;
    const thread driver([&] { shard.fire(2); });
    sleeper waiting;
    waiting.leave_behind(shard, entry);
}

TEST(timer, can_be_dropped_while_it_fires) {
    holds(fires_while_it_is_dropped);
    EXPECT_NE(edo::model::explore(leaves_without_a_word).failure, "");
}

}  // namespace
