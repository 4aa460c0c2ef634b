// Requests to stop: the tree of tokens, who is woken, and the ways to and from std::stop_token. Ports
// sync_cancellation_token.rs; the races of loom_cancellation_token.rs are in tests/stress.
#include <edo/sync/notify.hpp>
#include <edo/task/cancellation_token.hpp>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

#include "support/poll.hpp"
#include "support/runtime_fixture.hpp"

namespace {

namespace test = edo::test;
using edo::cancellation_token;
using edo::task;

using waiter = decltype(test::by_hand(cancellation_token().cancelled()));
std::unique_ptr<waiter> wait_for(const cancellation_token& token) {
    return std::make_unique<waiter>(token.cancelled());
}
/// Whether the token, or what waits for it, is still there: its stop_source is, until it ends.
bool is_alive(const std::stop_token& follower) { return follower.stop_possible(); }

TEST(cancellation_token, cancel_token) {
    cancellation_token token;
    auto polled = test::by_hand(token.cancelled());
    auto not_polled = test::by_hand(token.cancelled());
    EXPECT_FALSE(polled.poll());
    EXPECT_FALSE(token.is_cancelled());
    token.cancel();
    EXPECT_EQ(polled.wakes(), 1);
    EXPECT_TRUE(polled.poll());
    EXPECT_TRUE(not_polled.poll());
    EXPECT_FALSE(not_polled.is_woken());
    polled.take();
    not_polled.take();
    EXPECT_TRUE(token.is_cancelled());
    token.cancel();
    EXPECT_EQ(polled.wakes(), 1) << "once more does nothing";
}

TEST(cancellation_token, cancel_token_owned) {
    std::optional<cancellation_token> token(std::in_place);
    auto waiting = test::by_hand(token->cancelled());
    EXPECT_FALSE(waiting.poll());
    const cancellation_token copy = *token;
    token.reset();
    copy.cancel();
    EXPECT_EQ(waiting.wakes(), 1);
    EXPECT_TRUE(waiting.poll());
}

TEST(cancellation_token, cancel_token_owned_drop_test) {
    std::optional<cancellation_token> token(std::in_place);
    const std::stop_token follower = *token;
    auto waiting = test::by_hand(token->cancelled());
    EXPECT_FALSE(waiting.poll());
    token.reset();
    EXPECT_TRUE(is_alive(follower)) << "the waiter keeps it";
    waiting.drop();
    EXPECT_FALSE(is_alive(follower));
    EXPECT_FALSE(waiting.is_woken());
}

TEST(cancellation_token, a_dropped_waiter_is_not_woken_the_others_are) {
    cancellation_token token;
    auto first = test::by_hand(token.cancelled());
    auto second = test::by_hand(token.cancelled());
    auto third = test::by_hand(token.cancelled());
    EXPECT_FALSE(first.poll());
    EXPECT_FALSE(second.poll());
    EXPECT_FALSE(third.poll());
    second.drop();
    token.cancel();
    EXPECT_EQ(first.wakes(), 1);
    EXPECT_EQ(second.wakes(), 0);
    EXPECT_EQ(third.wakes(), 1);
}

TEST(cancellation_token, copies_share_the_request) {
    cancellation_token token;
    cancellation_token copy = token;
    cancellation_token assigned;
    auto of_the_old_one = test::by_hand(assigned.cancelled());
    EXPECT_FALSE(of_the_old_one.poll());
    assigned = copy;
    const cancellation_token moved = std::move(copy);
    moved.cancel();
    EXPECT_TRUE(token.is_cancelled());
    EXPECT_TRUE(assigned.is_cancelled());
    EXPECT_FALSE(of_the_old_one.is_woken());
    copy = cancellation_token();  // one that was moved from may be assigned to
    EXPECT_FALSE(copy.is_cancelled());
}

TEST(cancellation_token, cancel_child_token_through_parent) {
    cancellation_token token;
    const auto child = token.child_token();
    EXPECT_FALSE(child.is_cancelled());
    auto of_child = test::by_hand(child.cancelled());
    auto of_parent = test::by_hand(token.cancelled());
    EXPECT_FALSE(of_child.poll());
    EXPECT_FALSE(of_parent.poll());
    token.cancel();
    EXPECT_EQ(of_child.wakes(), 1);
    EXPECT_EQ(of_parent.wakes(), 1);
    EXPECT_TRUE(of_child.poll());
    EXPECT_TRUE(child.is_cancelled());
    child.cancel();
    EXPECT_EQ(of_child.wakes(), 1);
}

TEST(cancellation_token, cancel_grandchild_token_through_parent_if_child_was_dropped) {
    cancellation_token token;
    std::optional intermediate(token.child_token());
    const auto grandchild = intermediate->child_token();
    auto of_grandchild = test::by_hand(grandchild.cancelled());
    auto of_parent = test::by_hand(token.cancelled());
    EXPECT_FALSE(of_grandchild.poll());
    EXPECT_FALSE(of_parent.poll());
    intermediate.reset();
    EXPECT_FALSE(of_grandchild.is_woken());
    token.cancel();
    EXPECT_EQ(of_grandchild.wakes(), 1);
    EXPECT_EQ(of_parent.wakes(), 1);
    EXPECT_TRUE(grandchild.is_cancelled());
}

TEST(cancellation_token, a_waiter_of_a_dropped_child_is_cancelled_through_the_parent) {
    cancellation_token token;
    auto waiting = test::by_hand(token.child_token().cancelled());
    EXPECT_FALSE(waiting.poll());
    token.cancel();
    EXPECT_EQ(waiting.wakes(), 1);
}

TEST(cancellation_token, cancel_child_token_without_parent) {
    cancellation_token token;
    const auto first = token.child_token();
    auto of_parent = test::by_hand(token.cancelled());
    auto of_first = test::by_hand(first.cancelled());
    EXPECT_FALSE(of_parent.poll());
    EXPECT_FALSE(of_first.poll());
    first.cancel();
    EXPECT_EQ(of_first.wakes(), 1);
    EXPECT_FALSE(of_parent.is_woken());
    EXPECT_FALSE(token.is_cancelled());
    const auto second = token.child_token();
    auto of_second = test::by_hand(second.cancelled());
    EXPECT_FALSE(of_second.poll());
    token.cancel();
    EXPECT_EQ(of_parent.wakes(), 1);
    EXPECT_EQ(of_first.wakes(), 1);
    EXPECT_EQ(of_second.wakes(), 1);
}

TEST(cancellation_token, a_child_of_a_cancelled_token_is_cancelled) {
    cancellation_token token;
    token.cancel();
    const auto child = token.child_token();
    const auto grandchild = child.child_token();
    EXPECT_TRUE(child.is_cancelled());
    EXPECT_TRUE(grandchild.is_cancelled());
    auto waiting = test::by_hand(child.cancelled());
    EXPECT_TRUE(waiting.poll());
}

TEST(cancellation_token, drop_multiple_child_tokens) {
    std::array<std::size_t, 3> order{0, 1, 2};
    do {
        cancellation_token token;
        std::array<std::optional<cancellation_token>, 3> children;
        for (auto& child : children) { child = token.child_token(); }
        EXPECT_FALSE(token.is_cancelled());
        for (std::size_t dropped = 0; dropped < 3; ++dropped) {
            children[order[dropped]].reset();
            EXPECT_FALSE(token.is_cancelled());
            for (std::size_t rest = dropped + 1; rest < 3; ++rest) {
                EXPECT_FALSE(children[order[rest]]->is_cancelled());
            }
        }
        const auto late = token.child_token();
        token.cancel();
        EXPECT_TRUE(late.is_cancelled());
    } while (std::ranges::next_permutation(order).found);
}

TEST(cancellation_token, drop_parent_before_child_tokens) {
    std::optional<cancellation_token> token(std::in_place);
    const auto first = token->child_token();
    std::optional second(token->child_token());
    auto of_first = test::by_hand(first.cancelled());
    EXPECT_FALSE(of_first.poll());
    token.reset();
    EXPECT_FALSE(first.is_cancelled());
    EXPECT_FALSE(second->is_cancelled());
    const auto below = first.child_token();
    second->cancel();
    second.reset();
    EXPECT_FALSE(first.is_cancelled()) << "siblings without a parent are strangers";
    EXPECT_FALSE(of_first.is_woken());
    first.cancel();
    EXPECT_EQ(of_first.wakes(), 1);
    EXPECT_TRUE(below.is_cancelled());
}

TEST(cancellation_token, cancel_only_all_descendants) {
    const cancellation_token parent;
    const auto sibling = parent.child_token();
    const auto top = parent.child_token();
    std::vector<cancellation_token> below{top};
    below.push_back(top.child_token());
    below.push_back(top.child_token());
    below.push_back(below[1].child_token());
    below.push_back(below[1].child_token());
    below.push_back(below[3].child_token());
    std::vector<std::unique_ptr<waiter>> waiting;
    for (auto& token : below) { waiting.push_back(wait_for(token)); }
    auto of_parent = wait_for(parent);
    auto of_sibling = wait_for(sibling);
    for (auto& each : waiting) { EXPECT_FALSE(each->poll()); }
    EXPECT_FALSE(of_parent->poll());
    EXPECT_FALSE(of_sibling->poll());
    top.cancel();
    for (std::size_t i = 0; i < below.size(); ++i) {
        EXPECT_TRUE(below[i].is_cancelled()) << i;
        EXPECT_EQ(waiting[i]->wakes(), 1) << i;
    }
    EXPECT_FALSE(parent.is_cancelled());
    EXPECT_FALSE(sibling.is_cancelled());
    EXPECT_FALSE(of_parent->is_woken());
    EXPECT_FALSE(of_sibling->is_woken());
}

// derives_send_sync
static_assert(edo::sendable<cancellation_token> && edo::owning<cancellation_token>);
static_assert(edo::sendable<cancellation_token::guard> && edo::owning<cancellation_token::guard>);
static_assert(std::is_copy_constructible_v<cancellation_token>);
static_assert(!std::is_copy_constructible_v<cancellation_token::guard>);
static_assert(!std::is_convertible_v<std::stop_token, cancellation_token>);
static_assert(std::is_convertible_v<cancellation_token, std::stop_token>);

TEST(cancellation_token, generations_do_not_keep_their_ancestors) {
    cancellation_token token;
    const auto root = token;
    std::vector<std::stop_token> followers;
    for (int i = 0; i < 1'000; ++i) {
        token = token.child_token();
        followers.emplace_back(token);
    }
    EXPECT_TRUE(is_alive(followers.back()));
    followers.pop_back();
    EXPECT_TRUE(std::ranges::none_of(followers, is_alive));
    root.cancel();
    EXPECT_TRUE(token.is_cancelled());
}

TEST(cancellation_token, a_million_generations) {
    for (const bool is_root_kept : {true, false}) {
        cancellation_token token;
        std::optional root(token);
        if (!is_root_kept) { root.reset(); }
        for (int i = 0; i < 1'000'000; ++i) { token = token.child_token(); }
        EXPECT_FALSE(token.is_cancelled());
        if (root) {
            root->cancel();
            EXPECT_TRUE(token.is_cancelled());
        }
    }
}

TEST(cancellation_token, children_that_have_come_and_gone_leave_nothing) {
    cancellation_token token;
    std::vector<std::stop_token> followers;
    for (int i = 0; i < 1'000; ++i) { followers.emplace_back(token.child_token()); }
    EXPECT_TRUE(std::ranges::none_of(followers, is_alive));
    for (int i = 0; i < 1'000'000; ++i) { EXPECT_FALSE(token.child_token().is_cancelled()); }
}

TEST(cancellation_token, a_deep_chain_is_cancelled_and_destroyed_in_any_order) {
    constexpr std::size_t deep = 100'000;
    for (const bool is_cancelled : {true, false}) {
        for (const bool from_the_root : {true, false}) {
            std::vector<cancellation_token> chain(1);
            while (chain.size() < deep) { chain.push_back(chain.back().child_token()); }
            auto waiting = test::by_hand(chain.back().cancelled());
            EXPECT_FALSE(waiting.poll());
            if (is_cancelled) {
                chain.front().cancel();
                EXPECT_TRUE(std::ranges::all_of(chain, &cancellation_token::is_cancelled));
            }
            EXPECT_EQ(waiting.is_woken(), is_cancelled);
            waiting.drop();
            if (from_the_root) { std::ranges::reverse(chain); }
            while (!chain.empty()) { chain.pop_back(); }
        }
    }
}

TEST(cancellation_token, ten_thousand_children_with_a_waiter_each) {
    cancellation_token token;
    std::vector<cancellation_token> children;
    std::vector<std::unique_ptr<waiter>> waiting;
    for (int i = 0; i < 10'000; ++i) {
        children.push_back(token.child_token());
        waiting.push_back(wait_for(children.back()));
        EXPECT_FALSE(waiting.back()->poll());
    }
    token.cancel();
    for (auto& each : waiting) { EXPECT_EQ(each->wakes(), 1); }
    EXPECT_TRUE(std::ranges::all_of(children, &cancellation_token::is_cancelled));
}

TEST(cancellation_token, many_waiters_of_a_middle_token_that_ends_before_its_children) {
    cancellation_token token;
    std::optional middle(token.child_token());
    std::vector<cancellation_token> children;
    for (int i = 0; i < 10'000; ++i) { children.push_back(middle->child_token()); }
    middle.reset();
    children.resize(5'000, token);
    token.cancel();
    EXPECT_TRUE(std::ranges::all_of(children, &cancellation_token::is_cancelled));
}

// --- in tasks ---

class cancellation_token_rt : public test::runtime_test {};
INSTANTIATE_TEST_SUITE_P(task, cancellation_token_rt, test::all_kinds, test::kind_name);

TEST_P(cancellation_token_rt, ten_thousand_tasks_end_together) {
    auto body = []() -> task<> {
        const cancellation_token token;
        std::vector<edo::join_handle<bool>> handles;
        const auto waits = [](cancellation_token mine) -> task<bool> {
            co_await mine.cancelled();
            co_return mine.is_cancelled();
        };
        for (int i = 0; i < 10'000; ++i) {
            handles.push_back(edo::spawn(waits, token.child_token()));
        }
        co_await edo::yield_now();
        token.cancel();
        int ended = 0;
        for (auto& handle : handles) {
            const bool was_cancelled = co_await handle;
            ended += was_cancelled ? 1 : 0;
        }
        EXPECT_EQ(ended, 10'000);
    };
    rt().block_on(body());
}

TEST_P(cancellation_token_rt, a_thread_without_runtime_cancels) {
    const cancellation_token token;
    std::optional<std::jthread> canceller;
    auto body = [&]() -> task<> {
        auto waiting = token.cancelled();
        canceller.emplace([&] { token.cancel(); });
        co_await waiting;
        EXPECT_TRUE(token.is_cancelled());
    };
    rt().block_on(body());
}

TEST_P(cancellation_token_rt, a_wait_that_was_given_up_can_be_awaited_again) {
    auto body = []() -> task<> {
        const cancellation_token token;
        auto waiting = token.cancelled();
        auto late = co_await edo::timeout(edo::clock::duration::zero(), waiting);
        EXPECT_FALSE(late.has_value());
        token.cancel();
        co_await waiting;
    };
    rt().block_on(body());
}

TEST_P(cancellation_token_rt, tasks_that_wait_are_dropped_with_their_runtime) {
    const cancellation_token token;
    std::atomic<int> alive = 0;
    auto started = std::make_shared<edo::sync::notify>();
    for (int i = 0; i < 8; ++i) {
        rt().spawn(
            [](cancellation_token mine, test::counted,
               std::shared_ptr<edo::sync::notify> here) -> task<> {
                here->notify_one();
                co_await mine.cancelled();
            },
            i % 2 == 0 ? token : token.child_token(), test::counted(alive), started);
    }
    auto body = [&]() -> task<> { co_await started->notified(); };
    rt().block_on(body());
    stop();
    EXPECT_EQ(alive, 0);
    token.cancel();
    EXPECT_TRUE(token.is_cancelled());
}

TEST_P(cancellation_token_rt, an_endless_loop_of_cancelled_waits_yields) {
    auto body = []() -> task<> {
        auto flag = std::make_shared<std::atomic<bool>>(false);
        auto handle = edo::spawn(
            [](std::shared_ptr<std::atomic<bool>> mine) -> task<> {
                *mine = true;
                co_return;
            },
            flag);
        const cancellation_token token;
        token.cancel();
        while (!*flag) { co_await token.cancelled(); }
        co_await handle;
    };
    rt().block_on(body());
}

TEST_P(cancellation_token_rt, what_was_done_before_cancel_is_seen) {
    auto body = []() -> task<> {
        for (int round = 0; round < 100; ++round) {
            struct shared_state {
                cancellation_token token;
                int value = 0;  // not atomic
            };
            auto state = std::make_shared<shared_state>();
            auto handle = edo::spawn(
                [](std::shared_ptr<shared_state> s) -> task<int> {
                    co_await s->token.cancelled();
                    co_return s->value;
                },
                state);
            state->value = 7;
            state->token.cancel();
            const int seen = co_await handle;
            EXPECT_EQ(seen, 7);
        }
    };
    rt().block_on(body());
}

}  // namespace
