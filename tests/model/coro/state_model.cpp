// The state word of a task: one owner at a time, no wake and no abort is lost.
#include "support/explorer.hpp"

#include <edo/base/detail/mutex.hpp>
#include <edo/coro/detail/cell_base.hpp>

#include <gtest/gtest.h>

namespace {

using namespace edo::detail;
using edo::model::check;
using edo::model::finds;
using edo::model::holds;
using edo::model::thread;
using edo::model::tracked;

/// A task that ends when it has been woken so often or was aborted, and the queue of its workers.
class toy_task {
public:
    explicit toy_task(int wakes) : wanted_(wakes) {}
    /// What a primitive does with a suspended branch, at most once for each turn.
    void wake() {
        if (state_.wake_root()) { schedule(); }
    }
    void abort() {
        if (state_.request_abort()) { schedule(); }
    }
    void schedule() {
        const lock_guard guard(lock_);
        check(!is_queued_, "a task is in the queue twice");
        is_queued_ = true;
        changed_.notify_one();
    }
    /// Runs the task until it has ended.
    void work() {
        for (;;) {
            lock_guard guard(lock_);
            changed_.wait(guard, [this] { return is_queued_ || has_ended_; });
            if (has_ended_) { return; }
            is_queued_ = false;
            guard.unlock();
            if (!turn()) { continue; }
            guard.lock();
            has_ended_ = true;
            changed_.notify_all();
            return;
        }
    }
    /// What the waker prepared is there when the wake is seen.
    tracked message;

private:
    /// True: the task has ended.
    bool turn() {
        frame_.write(frame_.read() + 1);
        for (;;) {
            const state_word::value now = state_.look();
            if ((now & state_word::abort) != 0) { return true; }
            if ((now & state_word::wake) != seen_) {
                seen_ = now & state_word::wake;
                static_cast<void>(message.read());
                if (--wanted_ == 0) { return true; }
                continue;
            }
            if (state_.park(now)) { return false; }
        }
    }
    state_word state_;
    state_word::value seen_ = 0;
    tracked frame_;
    int wanted_;
    mutex lock_;
    condition changed_;
    bool is_queued_ = true;
    bool has_ended_ = false;
};

void wake_races_with_park() {
    toy_task task(1);
    const thread worker([&] { task.work(); });
    task.message.write(1);
    task.wake();
}

// The frame goes from one worker to the other by way of the waker.
void workers_take_turns() {
    toy_task task(1);
    const thread first([&] { task.work(); });
    const thread second([&] { task.work(); });
    task.message.write(1);
    task.wake();
}

void abort_races_with_wake() {
    toy_task task(2);  // the abort ends it
    const thread worker([&] { task.work(); });
    const thread aborter([&] { task.abort(); });
    task.message.write(1);
    task.wake();
}

void two_aborts() {
    toy_task task(1);
    const thread worker([&] { task.work(); });
    const thread first([&] { task.abort(); });
    task.abort();
}

TEST(state_word, a_wake_is_never_lost) { holds(wake_races_with_park); }
TEST(state_word, has_one_owner) {
    holds(workers_take_turns, {.preemptions = 3});
    finds({"state_word::park"}, workers_take_turns, {.preemptions = 3});
    finds({"state_word::claim"}, wake_races_with_park);
    finds({"state_word::look"}, wake_races_with_park);
}
TEST(state_word, an_abort_is_never_lost) {
    holds(abort_races_with_wake, {.preemptions = 3});
    holds(two_aborts, {.preemptions = 3});
}

}  // namespace
