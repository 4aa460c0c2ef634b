// After tokio/tests/sync_notify.rs and the checks of tokio/src/sync/tests/loom_notify.rs.
#include <edo/edo.hpp>
#include <edo/sync/notify.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "support/poll.hpp"
#include "support/runtime_fixture.hpp"

namespace {

namespace test = edo::test;
using edo::sync::notify;

TEST(notify, notify_notified_one) {
    notify n;
    n.notify_one();
    auto waiting = test::by_hand(n.notified());
    EXPECT_TRUE(waiting.poll());
    waiting.take();
}

TEST(notify, notify_multi_notified_one) {
    notify n;
    auto first = test::by_hand(n.notified());
    auto second = test::by_hand(n.notified());
    EXPECT_FALSE(first.poll());
    EXPECT_FALSE(second.poll());
    n.notify_one();
    EXPECT_EQ(first.wakes(), 1);
    EXPECT_FALSE(second.is_woken());
}

TEST(notify, notify_multi_notified_last) {
    notify n;
    auto first = test::by_hand(n.notified());
    auto second = test::by_hand(n.notified());
    auto third = test::by_hand(n.notified());
    EXPECT_FALSE(first.poll());
    EXPECT_FALSE(second.poll());
    EXPECT_FALSE(third.poll());
    n.notify_last();
    EXPECT_FALSE(first.is_woken());
    EXPECT_FALSE(second.is_woken());
    EXPECT_TRUE(third.is_woken());
}

TEST(notify, notified_one_notify) {
    notify n;
    auto waiting = test::by_hand(n.notified());
    EXPECT_FALSE(waiting.poll());
    n.notify_one();
    EXPECT_TRUE(waiting.is_woken());
    EXPECT_TRUE(waiting.poll());
}

TEST(notify, notified_multi_notify) {
    notify n;
    auto first = test::by_hand(n.notified());
    auto second = test::by_hand(n.notified());
    EXPECT_FALSE(first.poll());
    EXPECT_FALSE(second.poll());
    n.notify_one();
    EXPECT_TRUE(first.is_woken());
    EXPECT_FALSE(second.is_woken());
    EXPECT_TRUE(first.poll());
    first.take();
    EXPECT_FALSE(second.poll());
}

TEST(notify, notify_notified_multi) {
    notify n;
    n.notify_one();
    auto first = test::by_hand(n.notified());
    auto second = test::by_hand(n.notified());
    EXPECT_TRUE(first.poll());
    first.take();
    EXPECT_FALSE(second.poll());
    n.notify_one();
    EXPECT_TRUE(second.is_woken());
    EXPECT_TRUE(second.poll());
}

TEST(notify, many_calls_store_one_permit) {
    notify n;
    n.notify_one();
    n.notify_one();
    n.notify_last();
    auto first = test::by_hand(n.notified());
    auto second = test::by_hand(n.notified());
    EXPECT_TRUE(first.poll());
    first.take();
    EXPECT_FALSE(second.poll());
}

TEST(notify, notified_drop_notified_notify) {
    notify n;
    auto first = test::by_hand(n.notified());
    auto second = test::by_hand(n.notified());
    EXPECT_FALSE(first.poll());
    first.drop();
    EXPECT_FALSE(second.poll());
    n.notify_one();
    EXPECT_FALSE(first.is_woken());
    EXPECT_TRUE(second.is_woken());
    EXPECT_TRUE(second.poll());
}

TEST(notify, notified_multi_notify_drop_one) {
    notify n;
    auto first = test::by_hand(n.notified());
    auto second = test::by_hand(n.notified());
    EXPECT_FALSE(first.poll());
    EXPECT_FALSE(second.poll());
    n.notify_one();
    EXPECT_TRUE(first.is_woken());
    EXPECT_FALSE(second.is_woken());
    first.drop();
    EXPECT_TRUE(second.is_woken());
    EXPECT_TRUE(second.poll());
}

TEST(notify, notified_multi_notify_one_drop) {
    notify n;
    auto first = test::by_hand(n.notified());
    auto second = test::by_hand(n.notified());
    auto third = test::by_hand(n.notified());
    EXPECT_FALSE(first.poll());
    EXPECT_FALSE(second.poll());
    EXPECT_FALSE(third.poll());
    n.notify_one();
    first.drop();
    EXPECT_TRUE(second.is_woken());
    EXPECT_FALSE(third.is_woken());
}

TEST(notify, notified_multi_notify_last_drop) {
    notify n;
    auto first = test::by_hand(n.notified());
    auto second = test::by_hand(n.notified());
    auto third = test::by_hand(n.notified());
    EXPECT_FALSE(first.poll());
    EXPECT_FALSE(second.poll());
    EXPECT_FALSE(third.poll());
    n.notify_last();
    third.drop();
    EXPECT_FALSE(first.is_woken());
    EXPECT_TRUE(second.is_woken());
}

TEST(notify, a_permit_that_was_taken_and_dropped_is_passed_on) {
    notify n;
    n.notify_one();
    auto first = n.notified();
    EXPECT_TRUE(first.ready());
    auto second = test::by_hand(n.notified());
    EXPECT_FALSE(second.poll());
    { auto gone = std::move(first); }
    EXPECT_TRUE(second.is_woken());
    second.take();
    auto third = test::by_hand(n.notified());
    EXPECT_FALSE(third.poll());
}

TEST(notify, test_notify_one_not_enabled) {
    notify n;
    auto waiting = test::by_hand(n.notified());
    n.notify_one();
    EXPECT_TRUE(waiting.poll());
}

TEST(notify, test_notify_one_after_enable) {
    notify n;
    auto enabled = n.notified();
    EXPECT_FALSE(enabled.enable());
    auto other = test::by_hand(n.notified());
    n.notify_one();
    EXPECT_TRUE(enabled.ready());
    EXPECT_FALSE(other.poll());
    auto waiting = test::by_hand(std::move(enabled));
    EXPECT_TRUE(waiting.poll());
    waiting.take();
    EXPECT_FALSE(other.is_woken());
}

TEST(notify, test_poll_after_enable) {
    notify n;
    auto enabled = n.notified();
    EXPECT_FALSE(enabled.enable());
    auto waiting = test::by_hand(std::move(enabled));
    EXPECT_FALSE(waiting.poll());
    n.notify_one();
    EXPECT_TRUE(waiting.is_woken());
}

TEST(notify, test_enable_after_poll) {
    notify n;
    auto waiting = test::by_hand(n.notified());
    EXPECT_FALSE(waiting.poll());
    EXPECT_FALSE(waiting.leaf().ready());
    n.notify_one();
    EXPECT_TRUE(waiting.leaf().enable());
    EXPECT_TRUE(waiting.is_woken());
}

TEST(notify, test_enable_consumes_permit) {
    notify n;
    n.notify_one();
    auto first = n.notified();
    EXPECT_TRUE(first.enable());
    auto second = n.notified();
    EXPECT_FALSE(second.enable());
}

TEST(notify, an_enabled_one_that_moves_keeps_its_place) {
    notify n;
    auto first = n.notified();
    auto second = n.notified();
    auto third = n.notified();
    EXPECT_FALSE(first.enable());
    EXPECT_FALSE(second.enable());
    EXPECT_FALSE(third.enable());
    auto moved = std::move(second);
    n.notify_one();
    n.notify_one();
    EXPECT_TRUE(first.ready());
    EXPECT_TRUE(moved.ready());
    EXPECT_FALSE(third.ready());
    auto moved_again = std::move(moved);
    EXPECT_TRUE(moved_again.ready());
}

TEST(notify, one_that_is_disarmed_keeps_its_place) {
    notify n;
    auto first = test::by_hand(n.notified());
    auto second = test::by_hand(n.notified());
    EXPECT_FALSE(first.poll());
    EXPECT_FALSE(second.poll());
    first.leaf().disarm();
    n.notify_one();
    EXPECT_FALSE(first.is_woken());
    EXPECT_FALSE(second.is_woken());
    EXPECT_TRUE(first.leaf().ready());
}

TEST(notify, notify_waiters_wakes_all_that_were_created) {
    notify n;
    auto polled = test::by_hand(n.notified());
    auto fresh = test::by_hand(n.notified());
    EXPECT_FALSE(polled.poll());
    n.notify_waiters();
    auto late = test::by_hand(n.notified());
    EXPECT_TRUE(polled.is_woken());
    EXPECT_TRUE(polled.poll());
    EXPECT_TRUE(fresh.poll());
    EXPECT_FALSE(late.poll());
}

TEST(notify, unpolled_future_completed_by_notify_waiters_preserves_notify_one_permit) {
    notify n;
    auto first = test::by_hand(n.notified());
    n.notify_waiters();
    n.notify_one();
    EXPECT_TRUE(first.poll());
    first.take();
    auto second = test::by_hand(n.notified());
    EXPECT_TRUE(second.poll());
}

TEST(notify, test_waker_update) {
    // One task gives its wait up, another one goes on with it.
    notify n;
    auto first = test::by_hand(n.notified());
    EXPECT_FALSE(first.poll());
    first.leaf().disarm();
    auto second = test::by_hand(std::move(first.leaf()));
    EXPECT_FALSE(second.poll());
    n.notify_one();
    EXPECT_FALSE(first.is_woken());
    EXPECT_EQ(second.wakes(), 1);
    EXPECT_TRUE(second.poll());
}

TEST(notify, notify_one_after_dropped_all) {
    notify n;
    auto first = test::by_hand(n.notified());
    EXPECT_FALSE(first.poll());
    n.notify_waiters();
    n.notify_one();
    first.drop();
    auto second = test::by_hand(n.notified());
    EXPECT_TRUE(second.poll());
    second.take();
    auto third = test::by_hand(n.notified());
    EXPECT_FALSE(third.poll());
}

TEST(notify, notify_waiters_wakes_more_than_a_batch) {
    notify n;
    auto waiting = test::line_of(100, [&] { return n.notified(); });
    n.notify_waiters();
    for (auto& w : waiting) {
        EXPECT_EQ(w.wakes(), 1);
        w.take();
    }
    n.notify_one();
    auto next = test::by_hand(n.notified());
    EXPECT_TRUE(next.poll());
}

TEST(notify, a_dropped_waiter_of_notify_waiters_forwards_nothing) {
    notify n;
    auto first = test::by_hand(n.notified());
    EXPECT_FALSE(first.poll());
    n.notify_waiters();
    auto second = test::by_hand(n.notified());
    EXPECT_FALSE(second.poll());
    first.drop();
    EXPECT_FALSE(second.is_woken());
}

TEST(notify, notify_waiters_sequential_notified_await) {
    // One call does not release two waits, one after the other.
    notify n;
    auto first = test::by_hand(n.notified());
    EXPECT_FALSE(first.poll());
    n.notify_waiters();
    first.take();
    auto second = test::by_hand(n.notified());
    EXPECT_FALSE(second.poll());
}

class notifies_at_the_end {
public:
    explicit notifies_at_the_end(std::shared_ptr<notify> n) : n_(std::move(n)) {}
    ~notifies_at_the_end() { n_->notify_waiters(); }
    notifies_at_the_end(const notifies_at_the_end&) = delete;
    notifies_at_the_end& operator=(const notifies_at_the_end&) = delete;

private:
    std::shared_ptr<notify> n_;
};

TEST(notify, notify_in_drop_after_wake) {
    auto rt = edo::runtime::current_thread().build();
    rt.block_on([]() -> edo::task<> {
        auto n = std::make_shared<notify>();
        auto handle = edo::spawn(
            [](std::shared_ptr<notify> shared) -> edo::task<> {
                notifies_at_the_end last(shared);
                co_await shared->notified();
            },
            n);
        co_await edo::yield_now();
        n->notify_waiters();
        handle.abort();
        static_cast<void>(co_await handle.join());
        EXPECT_EQ(n.use_count(), 1);
    }());
}

TEST(notify, timeout_takes_it_by_value) {
    auto rt = edo::runtime::current_thread().start_paused(true).build();
    rt.block_on([]() -> edo::task<> {
        notify n;
        auto late = co_await edo::timeout(std::chrono::milliseconds(5), n.notified());
        EXPECT_FALSE(late.has_value());
        n.notify_one();
        auto in_time = co_await edo::timeout(std::chrono::milliseconds(5), n.notified());
        EXPECT_TRUE(in_time.has_value());
    }());
}

struct relay {
    notify start;
    notify ended;
    std::atomic<int> left{50};
};

TEST(notify, passes_through_every_task_on_every_runtime) {
    for (unsigned workers : {0U, 1U, 2U, 4U}) {
        auto rt = test::builder_of({"", workers}).build();
        rt.block_on([]() -> edo::task<> {
            auto state = std::make_shared<relay>();
            std::vector<edo::join_handle<void>> handles;
            for (int i = 0; i < 50; ++i) {
                handles.push_back(edo::spawn(
                    [](std::shared_ptr<relay> s) -> edo::task<> {
                        co_await s->start.notified();
                        if (s->left.fetch_sub(1) == 1) { s->ended.notify_one(); }
                        s->start.notify_one();
                    },
                    state));
            }
            state->start.notify_one();
            co_await state->ended.notified();
            for (auto& handle : handles) { co_await handle; }
        }());
    }
}

TEST(notify, it_may_die_as_soon_as_its_waiter_is_woken) {
    for (int i = 0; i < 500; ++i) {
        auto n = std::make_unique<notify>();
        auto waiting = test::by_hand(n->notified());
        ASSERT_FALSE(waiting.poll());
        std::thread notifier([&who = *n] { who.notify_one(); });
        waiting.wait_woken();
        waiting.take();
        n.reset();
        notifier.join();
    }
}

static_assert(!edo::owning<edo::sync::notified>);
static_assert(edo::sendable<edo::sync::notified>);

// Also where the notification comes between the call and the await.
TEST(notify, an_await_that_is_notified_is_cooperative) {
    using counter = std::shared_ptr<int>;
    auto turns = std::make_shared<int>(0);
    auto counts = [](counter count) -> edo::task<> {
        for (;;) {
            ++*count;
            co_await edo::yield_now();
        }
    };
    auto notifies = []() -> edo::task<> {
        notify n;
        for (int i = 0; i < 1'000; ++i) {
            auto waiting = n.notified();
            n.notify_one();
            co_await std::move(waiting);
        }
    };
    auto rt = edo::runtime::current_thread().build();
    rt.spawn(counts, turns).detach();
    rt.block_on(rt.spawn(notifies));
    EXPECT_GE(*turns, 5);
}

/// Another thread answers each wait, so that most come to their end by a look, without suspending.
TEST(notify, a_task_that_is_always_answered_is_cooperative) {
    struct table {
        notify answer;
        std::atomic<int> asked{0};
        std::atomic<bool> over{false};
    };
    const auto both = std::make_shared<table>();
    std::thread answers([&] {
        for (int seen = 0; !both->over;) {
            if (const int now = both->asked; now != seen) {
                seen = now;
                both->answer.notify_one();
            }
        }
    });
    auto rt = edo::runtime::current_thread().build();
    rt.block_on([](std::shared_ptr<table> at) -> edo::task<> {
        auto turns = std::make_shared<int>(0);
        auto counts = [](std::shared_ptr<int> count) -> edo::task<> {
            for (;;) {
                ++*count;
                co_await edo::yield_now();
            }
        };
        const auto counting = edo::abort_on_drop(edo::spawn(counts, turns));
        for (int i = 0; i < 20'000; ++i) {
            ++at->asked;
            co_await at->answer.notified();
        }
        EXPECT_GE(*turns, 20'000 / 128) << "one turn for each budget of waits";
    }(both));
    both->over = true;
    answers.join();
}

}  // namespace
