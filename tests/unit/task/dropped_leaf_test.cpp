// A branch that has lost is not woken any more, though what it waited on lives a little longer.
#include <edo/edo.hpp>

#include <gtest/gtest.h>

#include <utility>

namespace {

using edo::task;
using edo::sync::notify;

task<> return_at_once() { co_return; }
task<> return_after_a_turn() { co_await edo::yield_now(); }

struct notifies_at_its_end {
    notify* what;
    ~notifies_at_its_end() { what->notify_one(); }
};
task<> wait_with_a_guard(notify& guarded, notify& never) {
    const notifies_at_its_end guard{&guarded};
    co_await never.notified();
}

/// The frame of one loser tells what another loser waits on, which was dropped before it.
task<int> lose_to(task<> winner) {
    notify guarded, never;
    auto second = wait_with_a_guard(guarded, never);
    co_await edo::select_biased(std::move(winner), std::move(second), guarded.notified());
    co_await edo::yield_now();
    const bool is_handed_on = guarded.notified().enable();
    co_return is_handed_on ? 7 : 0;
}

TEST(dropped_leaf, is_not_told_by_another_loser) {
    auto rt = edo::runtime::current_thread().build();
    EXPECT_EQ(rt.block_on(lose_to(return_after_a_turn())), 7);
    auto spawned = rt.spawn([]() -> task<int> {
        auto winner = return_after_a_turn();
        co_return co_await lose_to(std::move(winner));
    });
    EXPECT_EQ(rt.block_on(std::move(spawned)), 7);
}

// An lvalue of h.join() is borrowed: the end of the task must not wake the branch that lost with it.
TEST(borrowed_join, that_has_lost_can_be_awaited_again) {
    auto rt = edo::runtime::current_thread().build();
    const int result = rt.block_on([]() -> task<int> {
        auto child = edo::spawn([]() -> task<int> {
            co_await edo::yield_now();
            co_return 7;
        });
        auto ended = child.join();
        auto winner = return_at_once();
        co_await edo::select_biased(ended, std::move(winner));
        co_await edo::yield_now();
        co_await edo::yield_now();
        const auto got = co_await ended;
        co_return got.value();
    }());
    EXPECT_EQ(result, 7);
}

}  // namespace
