// The count of a task_tracker: whoever waits is told once it is closed and empty, and not before.
#include "support/explorer.hpp"

#include <edo/task/task_tracker.hpp>

#include <gtest/gtest.h>

#include <optional>
#include <utility>

namespace {

using edo::task_tracker;
using edo::task_tracker_token;
using edo::model::check;
using edo::model::finds;
using edo::model::holds;
using edo::model::thread;
using edo::model::tracked;

void wait_for(const task_tracker& tracker) {
    edo::detail::wait_in_thread(tracker.wait(), "wait", {});
}
/// A task, seen by its tracker: it does something, and is over.
auto work(tracked& result, task_tracker_token&& token) {
    return [&result, token = std::optional(std::move(token))]() mutable {
        result.write(1);
        token.reset();
    };
}

void the_last_task_ends() {
    tracked result;
    const task_tracker tracker;
    const thread worker(work(result, tracker.token()));
    tracker.close();
    wait_for(tracker);
    check(result.read() == 1, "the task is not over");
}

/// Both might be the last; one tells.
void two_tasks_end() {
    tracked first, second;
    const task_tracker tracker;
    const thread one(work(first, tracker.token()));
    const thread other(work(second, tracker.token()));
    tracker.close();
    wait_for(tracker);
    check(first.read() + second.read() == 2, "the tasks are not over");
}

/// Closed by one thread while the last task ends on another: one of the two tells.
void it_is_closed_meanwhile() {
    tracked result;
    const task_tracker tracker;
    const thread worker(work(result, tracker.token()));
    const thread closer([&] { tracker.close(); });
    wait_for(tracker);
    check(result.read() == 1, "the task is not over");
}

/// That it was over for a moment is enough, and that is not forgotten.
void it_is_opened_again() {
    const task_tracker tracker;
    auto waiting = tracker.wait();
    const thread other([&] {
        tracker.close();
        tracker.reopen();
    });
    edo::detail::wait_in_thread(waiting, "wait", {});
}

/// Who begins to wait after a reopen() is not told of the end before it.
void it_is_over_twice() {
    tracked result;
    const task_tracker tracker;
    const thread closer([&] { tracker.close(); });
    if (!tracker.reopen()) { return; }  // it comes later
    const thread worker([&, last = work(result, tracker.token())]() mutable {
        last();
        tracker.close();
    });
    wait_for(tracker);
    check(result.read() == 1, "the task is not over");
}

/// A copy of a token comes while the other one goes: it never was empty in between.
void a_token_is_handed_on() {
    tracked result;
    const task_tracker tracker;
    auto first = std::optional(tracker.token());
    tracker.close();
    const thread worker([&] {
        auto next = work(result, task_tracker_token(*first));
        first.reset();
        next();
    });
    wait_for(tracker);
    check(result.read() == 1, "the task is not over");
}

/// Suspends on the tracker, and is dropped.
class visitor final : public edo::detail::thread_cell {
public:
    void come_and_go(const task_tracker& tracker) {
        auto leaf = tracker.wait();
        if (!leaf.ready()) { static_cast<void>(leaf.arm(root())); }
    }
};
void a_waiter_goes() {
    tracked result;
    const task_tracker tracker;
    const thread worker(work(result, tracker.token()));
    tracker.close();
    visitor().come_and_go(tracker);
    wait_for(tracker);
    check(result.read() == 1, "the task is not over");
}

constexpr edo::model::limits some{.preemptions = 3};
constexpr edo::model::limits few{.preemptions = 2};

TEST(task_tracker, waits_for_the_last_task) {
    holds(the_last_task_ends, some);
    finds({"tracker_state"}, the_last_task_ends, some);
    holds(two_tasks_end, few);
    finds({"tracker_state::remove"}, two_tasks_end, few);
}
TEST(task_tracker, waits_for_its_end) {
    holds(it_is_closed_meanwhile, some);
    finds({"tracker_state"}, it_is_closed_meanwhile, some);
}
TEST(task_tracker, remembers_that_it_was_over) {
    holds(it_is_opened_again, some);
    holds(it_is_over_twice, some);
}
TEST(task_tracker, is_not_over_while_a_token_is_copied) { holds(a_token_is_handed_on, some); }
TEST(task_tracker, lets_a_waiter_go) { holds(a_waiter_goes, some); }

}  // namespace
