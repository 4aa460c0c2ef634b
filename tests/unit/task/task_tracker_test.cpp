// Waiting for the end of tasks that nobody joins: what counts, and who is released when. Ports
// task_tracker.rs.
#include <edo/task/task_tracker.hpp>

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "support/poll.hpp"
#include "support/runtime_fixture.hpp"

namespace {

namespace test = edo::test;
using edo::task;
using edo::task_tracker;
using edo::task_tracker_token;

task<> forever() { co_await edo::sleep_until(edo::clock::time_point::max()); }
using waiter = decltype(test::by_hand(task_tracker().wait()));

TEST(task_tracker, open_close) {
    const task_tracker tracker;
    EXPECT_FALSE(tracker.is_closed());
    EXPECT_TRUE(tracker.empty());
    EXPECT_EQ(tracker.size(), 0U);
    EXPECT_TRUE(tracker.close());
    EXPECT_TRUE(tracker.is_closed());
    EXPECT_FALSE(tracker.close());
    EXPECT_TRUE(tracker.is_closed());
    EXPECT_EQ(tracker.size(), 0U);
    EXPECT_TRUE(tracker.reopen());
    EXPECT_FALSE(tracker.is_closed());
    EXPECT_FALSE(tracker.reopen());
    EXPECT_FALSE(tracker.is_closed());
    EXPECT_TRUE(tracker.empty());
}

TEST(task_tracker, open_close_with_something_tracked) {
    const task_tracker tracker;
    const auto token = tracker.token();
    EXPECT_TRUE(tracker.close());
    EXPECT_FALSE(tracker.close());
    EXPECT_EQ(tracker.size(), 1U);
    EXPECT_TRUE(tracker.reopen());
    EXPECT_FALSE(tracker.reopen());
    EXPECT_EQ(tracker.size(), 1U);
    EXPECT_FALSE(tracker.empty());
}

TEST(task_tracker, token_len) {
    const task_tracker tracker;
    std::vector<task_tracker_token> tokens;
    for (std::size_t i = 0; i < 10; ++i) {
        EXPECT_EQ(tracker.size(), i);
        tokens.push_back(tracker.token());
    }
    while (!tokens.empty()) {
        EXPECT_EQ(tracker.size(), tokens.size());
        tokens.pop_back();
    }
    EXPECT_TRUE(tracker.empty());
}

TEST(task_tracker, tokens_are_copied_moved_and_assigned) {
    const task_tracker tracker;
    const task_tracker other;
    std::optional first(tracker.token());
    std::optional copy(*first);
    EXPECT_EQ(tracker.size(), 2U);
    std::optional moved(std::move(*first));
    EXPECT_EQ(tracker.size(), 2U);
    first.reset();  // counts nothing
    EXPECT_EQ(tracker.size(), 2U);
    copy = other.token();
    EXPECT_EQ(tracker.size(), 1U);
    EXPECT_EQ(other.size(), 1U);
    const auto& same = *copy;
    *copy = same;
    EXPECT_EQ(other.size(), 1U);
    *moved = *copy;
    EXPECT_EQ(tracker.size(), 0U);
    EXPECT_EQ(other.size(), 2U);
    *copy = std::move(*moved);
    EXPECT_EQ(other.size(), 1U);
    const task_tracker_token of_nothing(*moved);  // NOLINT: a copy of one that counts nothing
    EXPECT_EQ(other.size(), 1U);
}

TEST(task_tracker, copies_track_the_same) {
    auto tracker = std::make_unique<task_tracker>();
    const task_tracker copy = *tracker;
    auto token = std::make_unique<task_tracker_token>(tracker->token());
    auto waiting = test::by_hand(copy.wait());
    EXPECT_FALSE(waiting.poll());
    tracker->close();
    tracker.reset();
    EXPECT_TRUE(copy.is_closed());
    EXPECT_EQ(copy.size(), 1U);
    token.reset();
    EXPECT_EQ(waiting.wakes(), 1);
}

TEST(task_tracker, a_token_and_a_wait_outlive_the_tracker) {
    auto tracker = std::make_unique<task_tracker>();
    auto token = std::make_unique<task_tracker_token>(tracker->token());
    auto waiting = test::by_hand(tracker->wait());
    tracker->close();
    tracker.reset();
    EXPECT_FALSE(waiting.poll());
    token.reset();
    EXPECT_EQ(waiting.wakes(), 1);
    EXPECT_TRUE(waiting.poll());
}

TEST(task_tracker, notify_immediately) {
    const task_tracker tracker;
    tracker.close();
    auto waiting = test::by_hand(tracker.wait());
    EXPECT_TRUE(waiting.poll());
}

TEST(task_tracker, notify_immediately_on_reopen) {
    const task_tracker tracker;
    tracker.close();
    auto waiting = test::by_hand(tracker.wait());
    tracker.reopen();
    EXPECT_TRUE(waiting.poll());
}

TEST(task_tracker, a_wait_made_while_it_was_over_stays_ready) {
    const task_tracker tracker;
    tracker.close();
    auto waiting = test::by_hand(tracker.wait());
    tracker.reopen();
    const auto token = tracker.token();
    EXPECT_TRUE(waiting.poll());
    EXPECT_TRUE(waiting.poll());
    auto late = test::by_hand(tracker.wait());
    EXPECT_FALSE(late.poll());
}

TEST(task_tracker, notify_on_close) {
    const task_tracker tracker;
    auto waiting = test::by_hand(tracker.wait());
    EXPECT_FALSE(waiting.poll());
    tracker.close();
    EXPECT_EQ(waiting.wakes(), 1);
    EXPECT_TRUE(waiting.poll());
    tracker.close();
    EXPECT_EQ(waiting.wakes(), 1);
}

TEST(task_tracker, notify_on_close_reopen) {
    const task_tracker tracker;
    auto waiting = test::by_hand(tracker.wait());
    EXPECT_FALSE(waiting.poll());
    tracker.close();
    tracker.reopen();
    EXPECT_EQ(waiting.wakes(), 1);
    EXPECT_TRUE(waiting.poll());
}

TEST(task_tracker, notify_on_close_reopen_before_the_first_poll) {
    // It was over for a moment since the call of wait().
    const task_tracker tracker;
    auto waiting = test::by_hand(tracker.wait());
    tracker.close();
    tracker.reopen();
    EXPECT_TRUE(waiting.poll());
}

TEST(task_tracker, notify_on_exit_before_the_first_poll) {
    const task_tracker tracker;
    auto token = std::make_unique<task_tracker_token>(tracker.token());
    tracker.close();
    auto waiting = test::by_hand(tracker.wait());
    token.reset();
    const auto next = tracker.token();
    EXPECT_TRUE(waiting.poll());
}

TEST(task_tracker, a_wait_that_was_told_stays_ready_whatever_is_tracked_then) {
    const task_tracker tracker;
    auto waiting = test::by_hand(tracker.wait());
    EXPECT_FALSE(waiting.poll());
    tracker.close();
    tracker.reopen();
    const auto token = tracker.token();
    EXPECT_TRUE(waiting.poll());
    waiting.take();
    auto next = test::by_hand(tracker.wait());
    EXPECT_FALSE(next.poll());
}

TEST(task_tracker, no_notify_on_respawn_if_open) {
    const task_tracker tracker;
    auto token = std::make_unique<task_tracker_token>(tracker.token());
    auto waiting = test::by_hand(tracker.wait());
    EXPECT_FALSE(waiting.poll());
    token.reset();
    EXPECT_FALSE(waiting.is_woken());
    EXPECT_FALSE(waiting.poll());
    token = std::make_unique<task_tracker_token>(tracker.token());
    EXPECT_FALSE(waiting.poll());
    tracker.close();
    EXPECT_FALSE(waiting.poll());
    token.reset();
    EXPECT_EQ(waiting.wakes(), 1);
}

TEST(task_tracker, close_during_exit) {
    constexpr std::size_t count = 5;
    for (std::size_t closed_at = 0; closed_at <= count; ++closed_at) {
        const task_tracker tracker;
        std::vector<task_tracker_token> tokens;
        while (tokens.size() < count) { tokens.push_back(tracker.token()); }
        auto waiting = test::by_hand(tracker.wait());
        EXPECT_FALSE(waiting.poll());
        for (std::size_t i = 0; i < count; ++i) {
            if (i == closed_at) { tracker.close(); }
            EXPECT_FALSE(waiting.is_woken());
            EXPECT_FALSE(waiting.poll());
            tokens.pop_back();
        }
        if (closed_at == count) {
            EXPECT_FALSE(waiting.poll());
            tracker.close();
        }
        EXPECT_EQ(waiting.wakes(), 1);
        EXPECT_TRUE(waiting.poll());
    }
}

TEST(task_tracker, notify_many) {
    const task_tracker tracker;
    std::vector<std::unique_ptr<waiter>> waiting;
    for (int i = 0; i < 10; ++i) {
        waiting.push_back(std::make_unique<waiter>(tracker.wait()));
        EXPECT_FALSE(waiting.back()->poll());
    }
    waiting[3]->drop();
    tracker.close();
    for (std::size_t i = 0; i < 10; ++i) { EXPECT_EQ(waiting[i]->wakes(), i == 3 ? 0 : 1); }
}

TEST(task_tracker, reopened_it_waits_for_the_next_close) {
    const task_tracker tracker;
    for (int round = 0; round < 3; ++round) {
        auto token = std::make_unique<task_tracker_token>(tracker.token());
        auto waiting = test::by_hand(tracker.wait());
        EXPECT_FALSE(waiting.poll());
        tracker.close();
        EXPECT_FALSE(waiting.poll());
        tracker.reopen();
        token.reset();
        EXPECT_FALSE(waiting.poll());
        tracker.close();
        EXPECT_TRUE(waiting.poll());
        EXPECT_EQ(waiting.wakes(), 1);
        tracker.reopen();
    }
}

static_assert(edo::sendable<task_tracker> && edo::owning<task_tracker>);
static_assert(edo::sendable<task_tracker_token> && edo::owning<task_tracker_token>);
static_assert(std::is_nothrow_move_constructible_v<task_tracker_token>);

TEST(task_tracker_misuse, spawn_outside_any_runtime) {
    const task_tracker tracker;
    EXPECT_THROW(tracker.spawn(&forever), edo::no_runtime_error);
    EXPECT_TRUE(tracker.empty());
}

TEST(task_tracker_misuse, panic_outside_any_runtime) {
    const task_tracker tracker;
    EXPECT_THROW(tracker.spawn_local(&forever), edo::no_local_set_error);
    EXPECT_TRUE(tracker.empty());
}

TEST(task_tracker_misuse, panic_in_multi_thread_runtime) {
    auto rt = edo::runtime::multi_thread().worker_threads(1).build();
    auto body = []() -> task<> {
        const task_tracker tracker;
        EXPECT_THROW(tracker.spawn_local(&forever), edo::no_local_set_error);
        EXPECT_TRUE(tracker.empty());
        co_return;
    };
    rt.block_on(body());
}

}  // namespace
