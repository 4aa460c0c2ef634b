// Cancellation against drops, children, waits and stop requests, on two threads. After
// loom_cancellation_token.rs.
#include <edo/task/cancellation_token.hpp>
#include <edo/task/task_tracker.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <stop_token>
#include <vector>

#include "support/poll.hpp"
#include "support/race.hpp"
#include "support/runtime_fixture.hpp"

namespace {

namespace test = edo::test;
using edo::cancellation_token;

class token_stress : public test::leak_check {};

TEST_F(token_stress, cancel_token_against_the_first_poll) {
    test::opponent other;
    test::until_seen({"ready", "woken"}, [&] {
        const cancellation_token token;
        auto waiting = test::by_hand(token.cancelled());
        bool ready = false;
        other.race([&] { ready = waiting.poll(); }, [&] { token.cancel(); });
        EXPECT_EQ(waiting.wakes(), ready ? 0 : 1);
        EXPECT_TRUE(waiting.poll());
        return ready ? "ready" : "woken";
    });
}

TEST_F(token_stress, cancel_token_owned_against_the_drop_of_a_waiter) {
    test::opponent other;
    test::until_seen({"woken", "dropped first"}, [&] {
        std::optional<cancellation_token> token(std::in_place);
        auto first = test::by_hand(token->cancelled());
        auto second = test::by_hand(token->cancelled());
        EXPECT_FALSE(first.poll());
        EXPECT_FALSE(second.poll());
        other.race([&] { first.drop(); },
                   [&] {
                       token->cancel();
                       token.reset();
                   });
        EXPECT_EQ(second.wakes(), 1);
        return first.is_woken() ? "woken" : "dropped first";
    });
}

TEST_F(token_stress, cancel_with_child) {
    test::opponent other;
    test::until_seen({"born cancelled", "cancelled later"}, [&] {
        const cancellation_token token;
        std::optional<cancellation_token> child;
        bool was_cancelled = false;
        other.race(
            [&] {
                child = token.child_token();
                was_cancelled = child->is_cancelled();
            },
            [&] { token.cancel(); });
        EXPECT_TRUE(child->is_cancelled());
        EXPECT_TRUE(child->child_token().is_cancelled());
        return was_cancelled ? "born cancelled" : "cancelled later";
    });
}

TEST_F(token_stress, a_waiter_of_a_new_child_is_woken) {
    test::opponent other;
    test::until_seen({"ready", "woken"}, [&] {
        const cancellation_token token;
        auto waiting = std::unique_ptr<test::polled<edo::detail::cancelled_leaf>>();
        bool ready = false;
        other.race(
            [&] {
                waiting = std::make_unique<test::polled<edo::detail::cancelled_leaf>>(
                    token.child_token().cancelled());
                other.let_pass();
                ready = waiting->poll();
            },
            [&] { token.cancel(); });
        EXPECT_EQ(waiting->wakes(), ready ? 0 : 1);
        return ready ? "ready" : "woken";
    });
}

TEST_F(token_stress, cancel_against_the_drop_of_the_middle_token) {
    test::opponent other;
    test::until_seen({"cancelled first", "dropped first"}, [&] {
        const cancellation_token root;
        std::optional middle(root.child_token());
        const auto leaf = middle->child_token();
        const auto second = middle->child_token();
        auto waiting = test::by_hand(leaf.cancelled());
        EXPECT_FALSE(waiting.poll());
        bool was_cancelled = false;
        other.race(
            [&] {
                was_cancelled = root.is_cancelled();
                middle.reset();
            },
            [&] { root.cancel(); });
        EXPECT_EQ(waiting.wakes(), 1);
        EXPECT_TRUE(second.is_cancelled());
        return was_cancelled ? "cancelled first" : "dropped first";
    });
}

TEST_F(token_stress, child_token_of_the_middle_against_its_drop_and_a_cancel) {
    test::opponent other;
    for (int i = 0; i < 5'000; ++i) {
        const cancellation_token root;
        std::optional middle(root.child_token());
        std::optional<cancellation_token> leaf;
        other.race(
            [&] {
                leaf = middle->child_token();
                middle.reset();
            },
            [&] { root.cancel(); });
        EXPECT_TRUE(leaf->is_cancelled());
    }
}

TEST_F(token_stress, drop_token_no_child) {
    test::opponent other;
    for (int i = 0; i < 5'000; ++i) {
        std::optional<cancellation_token> first(std::in_place);
        std::optional<cancellation_token> second(first);
        const std::stop_token follower = *first;
        other.race([&] { first.reset(); }, [&] { second.reset(); });
        EXPECT_FALSE(follower.stop_possible());
    }
}

TEST_F(token_stress, drop_token_with_children) {
    test::opponent other;
    for (int i = 0; i < 5'000; ++i) {
        std::optional<cancellation_token> root(std::in_place);
        std::optional first(root->child_token());
        std::optional second(root->child_token());
        const auto leaf = first->child_token();
        other.race(
            [&] {
                root.reset();
                second.reset();
            },
            [&] { first.reset(); });
        EXPECT_FALSE(leaf.is_cancelled());
        leaf.cancel();
        EXPECT_TRUE(leaf.is_cancelled());
    }
}

TEST_F(token_stress, drop_and_cancel_token) {
    test::opponent other;
    for (int i = 0; i < 5'000; ++i) {
        std::optional<cancellation_token> first(std::in_place);
        std::optional<cancellation_token> second(first);
        const auto child = first->child_token();
        other.race([&] { first.reset(); },
                   [&] {
                       second->cancel();
                       second.reset();
                   });
        EXPECT_TRUE(child.is_cancelled());
    }
}

TEST_F(token_stress, cancel_parent_and_child) {
    test::opponent other;
    test::until_seen({"the parent first", "the child first"}, [&] {
        const cancellation_token parent;
        const auto child = parent.child_token();
        const auto leaf = child.child_token();
        auto of_parent = test::by_hand(parent.cancelled());
        auto of_leaf = test::by_hand(leaf.cancelled());
        EXPECT_FALSE(of_parent.poll());
        EXPECT_FALSE(of_leaf.poll());
        bool was_cancelled = false;
        other.race(
            [&] {
                was_cancelled = child.is_cancelled();
                child.cancel();
                EXPECT_TRUE(child.is_cancelled());
            },
            [&] { parent.cancel(); });
        EXPECT_EQ(of_parent.wakes(), 1);
        EXPECT_EQ(of_leaf.wakes(), 1);
        return was_cancelled ? "the parent first" : "the child first";
    });
}

TEST_F(token_stress, cancel_against_the_making_of_a_stop_token) {
    test::opponent other;
    test::until_seen({"made cancelled", "cancelled later"}, [&] {
        const cancellation_token token;
        std::stop_token follower;
        bool was_requested = false;
        int calls = 0;
        other.race(
            [&] {
                follower = token;
                was_requested = follower.stop_requested();
                const auto child = token.child_token();
                const std::stop_token of_child = child;
            },
            [&] { token.cancel(); });
        EXPECT_TRUE(follower.stop_requested());
        const std::stop_callback callback(follower, [&] { ++calls; });
        EXPECT_EQ(calls, 1);
        return was_requested ? "made cancelled" : "cancelled later";
    });
}

TEST_F(token_stress, cancel_against_the_end_of_a_child_that_a_stop_token_follows) {
    test::opponent other;
    test::until_seen({"requested", "dropped first"}, [&] {
        const cancellation_token token;
        std::optional child(token.child_token());
        const std::stop_token follower = *child;
        other.race([&] { child.reset(); }, [&] { token.cancel(); });
        EXPECT_EQ(follower.stop_possible(), follower.stop_requested());
        return follower.stop_requested() ? "requested" : "dropped first";
    });
}

TEST_F(token_stress, cancel_amid_the_ends_of_children_that_stop_tokens_follow) {
    constexpr std::size_t count = 64;
    test::opponent other;
    test::until_seen({"before", "amid", "after"}, [&] {
        const cancellation_token token;
        std::vector<cancellation_token> children;
        std::vector<std::stop_token> followers;
        for (std::size_t n = 0; n < count; ++n) {
            children.push_back(token.child_token());
            followers.emplace_back(children.back());
        }
        other.race(
            [&] {
                children.resize(count / 2, token);
                other.let_pass();
                children.clear();
            },
            [&] { token.cancel(); });
        std::size_t requested = 0;
        for (const auto& follower : followers) {
            EXPECT_EQ(follower.stop_possible(), follower.stop_requested());
            requested += follower.stop_requested() ? 1 : 0;
        }
        if (requested == count) { return "before"; }
        return requested == 0 ? "after" : "amid";
    });
}

TEST_F(token_stress, a_stop_request_against_the_end_of_the_last_token) {
    test::opponent other;
    test::until_seen({"cancelled", "dropped first"}, [&] {
        std::stop_source source;
        std::optional<cancellation_token> token(source.get_token());
        const auto child = token->child_token();
        other.race([&] { token.reset(); }, [&] { source.request_stop(); });
        return child.is_cancelled() ? "cancelled" : "dropped first";
    });
}

TEST_F(token_stress, a_stop_request_against_the_end_of_the_last_token_that_a_stop_token_follows) {
    test::opponent other;
    test::until_seen({"requested", "dropped first"}, [&] {
        std::stop_source source;
        std::optional<cancellation_token> token(source.get_token());
        const std::stop_token follower = *token;
        other.race([&] { token.reset(); }, [&] { source.request_stop(); });
        EXPECT_EQ(follower.stop_possible(), follower.stop_requested());
        return follower.stop_requested() ? "requested" : "dropped first";
    });
}

TEST_F(token_stress, a_stop_request_against_the_making_of_a_token) {
    test::opponent other;
    test::until_seen({"ready", "woken"}, [&] {
        std::stop_source source;
        std::unique_ptr<test::polled<edo::detail::cancelled_leaf>> waiting;
        bool ready = false;
        other.race(
            [&] {
                waiting = std::make_unique<test::polled<edo::detail::cancelled_leaf>>(
                    cancellation_token(source.get_token()).cancelled());
                other.let_pass();
                ready = waiting->poll();
            },
            [&] { source.request_stop(); });
        EXPECT_EQ(waiting->wakes(), ready ? 0 : 1);
        return ready ? "ready" : "woken";
    });
}

TEST_F(token_stress, two_guards_of_one_token) {
    test::opponent other;
    for (int i = 0; i < 5'000; ++i) {
        std::optional<cancellation_token> token(std::in_place);
        auto waiting = test::by_hand(token->cancelled());
        EXPECT_FALSE(waiting.poll());
        std::optional first(token->drop_guard());
        std::optional second(token->drop_guard());
        token.reset();
        other.race([&] { first.reset(); }, [&] { second.reset(); });
        EXPECT_EQ(waiting.wakes(), 1);
    }
}

// --- what is tracked ---

TEST_F(token_stress, the_last_tracker_token_against_the_first_poll) {
    test::opponent other;
    test::until_seen({"ready", "woken"}, [&] {
        const edo::task_tracker tracker;
        std::optional token(tracker.token());
        tracker.close();
        auto waiting = test::by_hand(tracker.wait());
        bool ready = false;
        other.race([&] { ready = waiting.poll(); }, [&] { token.reset(); });
        EXPECT_EQ(waiting.wakes(), ready ? 0 : 1);
        EXPECT_TRUE(waiting.poll());
        return ready ? "ready" : "woken";
    });
}

TEST_F(token_stress, close_against_the_last_tracker_token) {
    test::opponent other;
    test::until_seen({"closed first", "dropped first"}, [&] {
        const edo::task_tracker tracker;
        std::optional token(tracker.token());
        auto waiting = test::by_hand(tracker.wait());
        EXPECT_FALSE(waiting.poll());
        bool was_empty = false;
        other.race(
            [&] {
                was_empty = tracker.empty();
                tracker.close();
            },
            [&] { token.reset(); });
        EXPECT_EQ(waiting.wakes(), 1);
        return was_empty ? "dropped first" : "closed first";
    });
}

TEST_F(token_stress, the_last_tracker_token_against_the_drop_of_a_wait) {
    test::opponent other;
    test::until_seen({"woken", "dropped first"}, [&] {
        std::optional<edo::task_tracker> tracker(std::in_place);
        std::optional token(tracker->token());
        tracker->close();
        auto first = test::by_hand(tracker->wait());
        auto second = test::by_hand(tracker->wait());
        EXPECT_FALSE(first.poll());
        EXPECT_FALSE(second.poll());
        tracker.reset();
        other.race([&] { first.drop(); }, [&] { token.reset(); });
        EXPECT_EQ(second.wakes(), 1);
        return first.is_woken() ? "woken" : "dropped first";
    });
}

}  // namespace
