// The branches of a task: woken by several threads, parked, dropped; no wake is lost, none comes late.
#include "support/toy_runtime.hpp"

#include <edo/sync/notify.hpp>
#include <edo/task/join.hpp>
#include <edo/task/select.hpp>
#include <edo/task/spawn.hpp>
#include <edo/task/yield_now.hpp>

#include <gtest/gtest.h>

namespace {

using namespace edo::model;
using edo::task;

/// A task is woken by gates, each of which a thread opens.
struct program {
    toy_runtime runtime;
    gate first, second, third;
};

// --- wakes against park

void both_branches_are_woken() {
    program p;
    const auto body = [](program& q) -> task<void> {
        co_await edo::join(q.first.wait(), q.second.wait());
    };
    toy_task root(p.runtime, body(p));
    {
        const thread worker([&] { p.runtime.work(); });
        const thread other([&] { p.first.open(); });
        p.second.open();
    }
    check(!root.was_dropped(), "it did not end by itself");
}

/// One branch is woken again while the other's wake may still be in the word.
void a_branch_is_woken_again() {
    program p;
    const auto twice = [](program& q) -> task<void> {
        co_await q.first.wait();
        co_await q.third.wait();
    };
    const auto body = [](program& q, task<void> long_one) -> task<void> {
        co_await edo::join(std::move(long_one), q.second.wait());
    };
    toy_task root(p.runtime, body(p, twice(p)));
    const thread worker([&] { p.runtime.work(); });
    const thread other([&] {
        p.first.open();
        p.third.open();
    });
    p.second.open();
}

/// The last branch to end makes the parent ready, on whichever thread it ends.
void branches_end_on_two_threads() {
    program p;
    tracked frame;
    const auto counted = [](gate& g, tracked& owned) -> task<void> {
        co_await g.wait();
        owned.write(owned.read() + 1);
    };
    const auto body = [](tracked& owned, task<void> x, task<void> y) -> task<void> {
        owned.write(0);
        co_await edo::join(std::move(x), std::move(y));
        check(owned.read() == 2, "the parent goes on before its branches have ended");
    };
    toy_task root(p.runtime, body(frame, counted(p.first, frame), counted(p.second, frame)));
    const thread one([&] { p.runtime.work(); });
    const thread other([&] {
        p.first.open();
        p.runtime.work();
    });
    p.second.open();
}

/// The turn ends without a park; the other branch's wake waits for the next one.
void a_branch_yields() {
    program p;
    const auto yields = [](program& q) -> task<void> {
        co_await edo::yield_now();
        co_await q.first.wait();
    };
    const auto body = [](program& q, task<void> x) -> task<void> {
        co_await edo::join(std::move(x), q.second.wait());
    };
    toy_task root(p.runtime, body(p, yields(p)));
    const thread worker([&] { p.runtime.work(); });
    const thread other([&] { p.first.open(); });
    p.second.open();
}

/// Both claims lie in one wake_list.
void both_are_woken_at_once() {
    toy_runtime runtime;
    edo::sync::notify all;
    auto first = all.notified();  // made before: they are meant
    auto second = all.notified();
    const auto body = [](auto& x, auto& y) -> task<void> { co_await edo::join(x, y); };
    toy_task root(runtime, body(first, second));
    const thread worker([&] { runtime.work(); });
    all.notify_waiters();
}

// --- a branch is dropped while it is woken

/// Afterwards the task waits once more: what is left of the loser would run then.
task<void> takes_the_first(program& p, bool hasty) {
    co_await edo::select(p.first.wait(hasty), p.second.wait(hasty));
    co_await p.third.wait();
}
void the_loser_is_woken_too(bool hasty) {
    program p;
    toy_task root(p.runtime, takes_the_first(p, hasty));
    const thread worker([&] { p.runtime.work(); });
    const thread other([&] { p.first.open(); });
    p.second.open();
    p.third.open();
}

/// Leaves that outlive the branch: one of a gate, and one of a task, which ends on another thread.
void the_loser_is_borrowed() {
    program p;
    const auto body = [](program& q) -> task<void> {
        auto first = q.first.wait();
        co_await edo::select(first, q.second.wait());
        co_await q.third.wait();
    };
    toy_task root(p.runtime, body(p));
    const thread worker([&] { p.runtime.work(); });
    const thread other([&] { p.first.open(); });
    p.second.open();
    p.third.open();
}
void the_loser_waits_for_a_task() {
    program p;
    const auto body = [](program& q) -> task<void> {
        auto child = edo::spawn([]() -> task<void> { co_return; });
        auto ended = child.join();
        co_await edo::select(ended, q.first.wait());
        co_await q.second.wait();
    };
    toy_task root(p.runtime, body(p));
    const thread worker([&] { p.runtime.work(); });
    const thread other([&] { p.runtime.work(); });
    p.first.open();
    p.second.open();
}

void the_task_is_aborted(bool with_both) {
    program p;
    const auto body = [](program& q) -> task<void> {
        co_await edo::join(q.first.wait(), q.second.wait());
    };
    toy_task root(p.runtime, body(p));
    {
        const thread worker([&] { p.runtime.work(); });
        const thread other([&] {
            p.first.open();
            if (with_both) { p.second.open(); }
        });
        root.abort();
    }
    check(with_both || root.was_dropped(), "the abort is lost");
}

/// A branch of a branch: the outer group drops the inner one with its wakes.
void a_group_is_dropped() {
    program p;
    const auto inner = [](program& q) -> task<void> {
        co_await edo::join(q.first.wait(), q.second.wait());
    };
    const auto body = [](program& q, task<void> group) -> task<void> {
        co_await edo::select(std::move(group), q.third.wait());
    };
    toy_task root(p.runtime, body(p, inner(p)));
    const thread worker([&] { p.runtime.work(); });
    const thread other([&] {
        p.first.open();
        p.second.open();
    });
    p.third.open();
}

constexpr limits some{.preemptions = 3};
constexpr limits few{.preemptions = 2};

TEST(branches, are_woken_from_several_threads) {
    holds(both_branches_are_woken, some);
    holds(both_are_woken_at_once, some);
    finds({"state_word::wake_branch"}, both_branches_are_woken, some);
}
TEST(branches, are_woken_again) {
    holds(a_branch_is_woken_again, few);
    holds(a_branch_yields, few);
}
TEST(branches, wake_the_parent_when_the_last_has_ended) {
    holds(branches_end_on_two_threads, few);
    finds({"state_word::park"}, branches_end_on_two_threads, few);
}
TEST(branches, can_be_dropped_while_they_are_woken) {
    holds([] { the_loser_is_woken_too(false); }, few);
    finds({"join_word::unlisten"}, [] { the_loser_is_woken_too(false); }, few);
    EXPECT_NE(explore([] { the_loser_is_woken_too(true); }, few).failure, "");
}
TEST(branches, leave_what_they_have_borrowed) {
    holds(the_loser_is_borrowed, few);
    holds(the_loser_waits_for_a_task, few);
}
TEST(branches, end_with_their_task) {
    for (const bool with_both : {false, true}) {
        holds([with_both] { the_task_is_aborted(with_both); }, few);
    }
}
TEST(branches, of_a_dropped_group_are_dropped) { holds(a_group_is_dropped, few); }

}  // namespace
