// Cancellation tokens made from a std::stop_token, and turned into one.
#include <edo/task/cancellation_token.hpp>

#include <memory>
#include <optional>
#include <stop_token>
#include <thread>
#include <vector>

#include "support/poll.hpp"
#include "support/runtime_fixture.hpp"

namespace {

namespace test = edo::test;
using edo::cancellation_token;

/// Whether the token of a follower is still there: it holds the stop_source.
bool is_alive(const std::stop_token& follower) { return follower.stop_possible(); }

// --- from a std::stop_token ---

TEST(cancellation_token_from_stop_token, stop_requested_before) {
    std::stop_source source;
    source.request_stop();
    const cancellation_token token(source.get_token());
    EXPECT_TRUE(token.is_cancelled());
    EXPECT_TRUE(token.child_token().is_cancelled());
    auto waiting = test::by_hand(token.cancelled());
    EXPECT_TRUE(waiting.poll());
}

TEST(cancellation_token_from_stop_token, stop_requested_after) {
    std::stop_source source;
    const cancellation_token token(source.get_token());
    const auto child = token.child_token();
    auto waiting = test::by_hand(child.cancelled());
    EXPECT_FALSE(waiting.poll());
    EXPECT_FALSE(token.is_cancelled());
    source.request_stop();
    EXPECT_EQ(waiting.wakes(), 1);
    EXPECT_TRUE(token.is_cancelled());
    EXPECT_TRUE(child.is_cancelled());
}

TEST(cancellation_token_from_stop_token, stop_requested_by_another_thread) {
    std::stop_source source;
    const cancellation_token token(source.get_token());
    auto waiting = test::by_hand(token.cancelled());
    EXPECT_FALSE(waiting.poll());
    const std::jthread requests([&] { source.request_stop(); });
    waiting.wait_woken();
    EXPECT_TRUE(token.is_cancelled());
    EXPECT_EQ(waiting.wakes(), 1);
}

TEST(cancellation_token_from_stop_token, cancel_does_not_request_a_stop) {
    std::stop_source source;
    const cancellation_token token(source.get_token());
    token.cancel();
    EXPECT_TRUE(token.is_cancelled());
    EXPECT_FALSE(source.stop_requested());
    source.request_stop();
    EXPECT_TRUE(token.is_cancelled());
}

TEST(cancellation_token_from_stop_token, of_one_that_never_stops) {
    const cancellation_token token{std::stop_token()};
    EXPECT_FALSE(token.is_cancelled());
    token.cancel();
    EXPECT_TRUE(token.is_cancelled());
}

TEST(cancellation_token_from_stop_token, a_token_that_was_dropped_does_not_hear_of_the_request) {
    std::stop_source source;
    std::optional<cancellation_token> token(source.get_token());
    const std::stop_token follower = *token;
    token.reset();
    EXPECT_FALSE(is_alive(follower));
    source.request_stop();
    std::stop_source another;
    token.emplace(another.get_token());
    token.reset();
    std::jthread([&] { another.request_stop(); }).join();
}

TEST(cancellation_token_from_stop_token, the_source_may_go_first) {
    std::optional<std::stop_source> source(std::in_place);
    const cancellation_token token(source->get_token());
    source.reset();
    EXPECT_FALSE(token.is_cancelled());
    token.cancel();
    EXPECT_TRUE(token.is_cancelled());
}

TEST(cancellation_token_from_stop_token, a_waiter_alone_hears_of_the_request) {
    std::stop_source source;
    auto waiting = test::by_hand(cancellation_token(source.get_token()).cancelled());
    EXPECT_FALSE(waiting.poll());
    source.request_stop();
    EXPECT_EQ(waiting.wakes(), 1);
}

// --- to a std::stop_token ---

TEST(cancellation_token_to_stop_token, a_stop_is_requested_at_cancel) {
    const cancellation_token token;
    const std::stop_token before = token;
    const auto kept = token.child_token();
    const std::stop_token of_kept = kept;
    EXPECT_TRUE(before.stop_possible());
    EXPECT_FALSE(before.stop_requested());
    token.cancel();
    EXPECT_TRUE(before.stop_requested());
    EXPECT_TRUE(of_kept.stop_requested());
    const std::stop_token after = token;
    EXPECT_TRUE(after.stop_requested());
    const std::stop_token of_cancelled_child = token.child_token();
    EXPECT_TRUE(of_cancelled_child.stop_requested());
}

TEST(cancellation_token_to_stop_token, cancelling_a_child_does_not_stop_the_parent) {
    const cancellation_token token;
    const auto child = token.child_token();
    const std::stop_token of_parent = token;
    const std::stop_token of_child = child;
    child.cancel();
    EXPECT_TRUE(of_child.stop_requested());
    EXPECT_FALSE(of_parent.stop_requested());
    EXPECT_TRUE(of_parent.stop_possible());
}

TEST(cancellation_token_to_stop_token, callbacks_run_at_cancel_after_the_waiters_were_woken) {
    const cancellation_token token;
    const auto child = token.child_token();
    auto of_token = test::by_hand(token.cancelled());
    auto of_child = test::by_hand(child.cancelled());
    EXPECT_FALSE(of_token.poll());
    EXPECT_FALSE(of_child.poll());
    int calls = 0;
    std::thread::id where;
    const auto note = [&] {
        ++calls;
        where = std::this_thread::get_id();
        EXPECT_EQ(of_token.wakes(), 1);
        EXPECT_EQ(of_child.wakes(), 1);
        EXPECT_TRUE(token.is_cancelled());
        EXPECT_TRUE(child.is_cancelled());
    };
    const std::stop_callback first(std::stop_token(token), note);
    const std::stop_callback second(std::stop_token(child), note);
    std::thread::id canceller;
    std::jthread([&] {
        canceller = std::this_thread::get_id();
        token.cancel();
    }).join();
    EXPECT_EQ(calls, 2);
    EXPECT_EQ(where, canceller);
    const std::stop_callback late(std::stop_token(token), [&] { ++calls; });
    EXPECT_EQ(calls, 3) << "at once, on one that is cancelled";
}

TEST(cancellation_token_to_stop_token, a_callback_may_use_the_tree) {
    const cancellation_token token;
    const auto child = token.child_token();
    std::optional<cancellation_token> made;
    auto late = test::by_hand(token.cancelled());
    int inner_calls = 0;
    const auto use = [&] {
        token.cancel();
        child.cancel();
        made = token.child_token();
        EXPECT_TRUE(late.poll());
        const std::stop_callback inner(std::stop_token(*made), [&] { ++inner_calls; });
    };
    const std::stop_callback outer(std::stop_token(token), use);
    token.cancel();
    ASSERT_TRUE(made.has_value());
    EXPECT_TRUE(made->is_cancelled());
    EXPECT_EQ(inner_calls, 1);
}

TEST(cancellation_token_to_stop_token, a_callback_may_cancel_another_tree) {
    const cancellation_token first;
    const cancellation_token second;
    const cancellation_token third;
    const std::stop_callback one(std::stop_token(first), [&] { second.cancel(); });
    const std::stop_callback two(std::stop_token(second), [&] { third.cancel(); });
    auto waiting = test::by_hand(third.child_token().cancelled());
    EXPECT_FALSE(waiting.poll());
    first.cancel();
    EXPECT_EQ(waiting.wakes(), 1);
}

TEST(cancellation_token_to_stop_token, a_callback_may_drop_the_last_token) {
    auto token = std::make_unique<cancellation_token>();
    const std::stop_token follower = *token;
    bool called = false;
    const auto drop = [&] {
        token.reset();
        called = true;
    };
    const std::stop_callback callback(follower, drop);
    token->cancel();
    EXPECT_TRUE(called);
    EXPECT_EQ(token, nullptr);
    EXPECT_TRUE(follower.stop_requested());
}

TEST(cancellation_token_to_stop_token, callbacks_may_drop_the_rest_of_the_tree) {
    std::vector<cancellation_token> tree(1);
    tree.push_back(tree[0].child_token());
    tree.push_back(tree[1].child_token());
    tree.push_back(tree[0].child_token());
    int calls = 0;
    const auto drop = [&] {
        ++calls;
        tree.clear();
    };
    std::vector<std::unique_ptr<std::stop_callback<decltype(drop)>>> callbacks;
    for (const auto& token : tree) {
        callbacks.push_back(
            std::make_unique<std::stop_callback<decltype(drop)>>(std::stop_token(token), drop));
    }
    const auto root = std::make_unique<cancellation_token>(tree[0]);
    root->cancel();
    EXPECT_EQ(calls, 4);
}

TEST(cancellation_token_to_stop_token, a_stop_request_may_drop_the_token_between_two_stop_tokens) {
    std::stop_source source;
    auto token = std::make_unique<cancellation_token>(source.get_token());
    bool called = false;
    const auto drop = [&] {
        token.reset();
        called = true;
    };
    const std::stop_callback callback(std::stop_token(*token), drop);
    source.request_stop();
    EXPECT_TRUE(called);
    EXPECT_EQ(token, nullptr);
}

TEST(cancellation_token_to_stop_token, a_callback_that_is_gone_is_not_called) {
    const cancellation_token token;
    int calls = 0;
    {
        const std::stop_callback callback(std::stop_token(token), [&] { ++calls; });
    }
    token.cancel();
    EXPECT_EQ(calls, 0);
}

}  // namespace
