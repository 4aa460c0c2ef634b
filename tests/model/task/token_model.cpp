// Cancellation against everything that may happen meanwhile: waits, drops, new children, the last token.
#include "support/explorer.hpp"
#include "support/visitor.hpp"

#include <edo/task/cancellation_token.hpp>

#include <gtest/gtest.h>

#include <optional>
#include <utility>

namespace {

using namespace edo::detail;
using edo::cancellation_token;
using edo::model::check;
using edo::model::explore;
using edo::model::finds;
using edo::model::holds;
using edo::model::thread;
using edo::model::tracked;
using edo::model::visitor;

constexpr edo::model::limits some{.preemptions = 3};

void wait_for(const cancellation_token& token) { wait_in_thread(token.cancelled(), "wait", {}); }

// --- waits

void one_waits() {
    const cancellation_token token;
    tracked message;
    const thread canceller([&] {
        message.write(1);
        token.cancel();
    });
    wait_for(token);
    static_cast<void>(message.read());
}
void one_looks() {
    const cancellation_token token;
    tracked message;
    const thread canceller([&] {
        message.write(1);
        token.cancel();
    });
    if (token.is_cancelled()) { static_cast<void>(message.read()); }
}
void two_cancel() {
    const cancellation_token token;
    const thread first([&] { token.cancel(); });
    const thread second([&] { token.cancel(); });
    wait_for(token);
}
void a_wait_is_dropped() {
    const cancellation_token token;
    const thread canceller([&] { token.cancel(); });
    const thread other([&] { wait_for(token); });
    visitor cell;
    auto leaf = token.cancelled();
    static_cast<void>(cell.poll(leaf));
}

/// Waits as cancelled_leaf does, but enlists without another look.
class hasty : public queue_leaf<hasty> {
public:
    explicit hasty(token_node& node) : queue_leaf(node.queue()), node_(&node) {}
    [[nodiscard]] bool ready() const noexcept { return node_->is_cancelled(); }
    [[nodiscard]] bool arm(suspension& waiter) noexcept {
        return enlist_if(waiter, node_->waiters(), [] { return true; });
    }
    void await_resume() noexcept { leave(); }

private:
    token_node* node_;
};
void a_hasty_one_waits() {
    const token_ref node(token_node::make());
    const thread canceller([&] { node->cancel(); });
    wait_in_thread(hasty(*node.get()), "wait", {});
}

TEST(token, wakes_who_waits) {
    holds(one_waits, some);
    holds(two_cancel, some);
    EXPECT_NE(explore(a_hasty_one_waits, some).failure, "");
}
TEST(token, shows_what_was_done_before) {
    holds(one_looks);
    finds({"token_node::cancel"}, one_looks);
    finds({"token_node::is_cancelled"}, one_looks);
}
TEST(token, lets_a_wait_be_dropped) { holds(a_wait_is_dropped, some); }

// --- the last token

// What the wait keeps is all that is left.
void the_token_goes_while_one_waits() {
    std::optional<cancellation_token> token(std::in_place);
    auto leaf = token->cancelled();
    const thread canceller([last = std::move(*token)]() mutable {
        last.cancel();
        const auto gone = std::move(last);
    });
    token.reset();
    wait_in_thread(std::move(leaf), "wait", {});
}
void copies_go() {
    cancellation_token token;
    const thread first([copy = token]() mutable { const auto gone = std::move(copy); });
    const thread second([copy = token]() mutable {
        copy.cancel();
        const auto gone = std::move(copy);
    });
    const auto gone = std::move(token);
}
void a_child_goes() {
    const cancellation_token parent;
    auto child = parent.child_token();
    const thread canceller([&] { parent.cancel(); });
    const auto gone = std::move(child);
}
void a_wait_goes_with_its_child() {
    const cancellation_token parent;
    const thread canceller([&] { parent.cancel(); });
    visitor cell;
    auto leaf = parent.child_token().cancelled();
    static_cast<void>(cell.poll(leaf));
}
void both_go() {
    cancellation_token parent;
    auto child = parent.child_token();
    const thread other([last = std::move(parent)]() mutable { const auto gone = std::move(last); });
    const auto gone = std::move(child);
}

TEST(token, may_go_while_it_is_cancelled) {
    holds(the_token_goes_while_one_waits, some);
    holds(copies_go, some);
    finds({"token_node::release_reference"}, copies_go, some);
}
TEST(token, may_go_while_its_parent_is_cancelled) {
    holds(a_child_goes);
    holds(a_wait_goes_with_its_child, some);
    holds(both_go);
}

// --- the tree

void a_child_is_made() {
    const cancellation_token parent;
    tracked message;
    const thread canceller([&] {
        message.write(1);
        parent.cancel();
    });
    const auto child = parent.child_token();
    wait_for(child);
    static_cast<void>(message.read());
}
// The one in the middle hands its children on when it goes.
void the_one_in_the_middle_goes() {
    const cancellation_token root;
    std::optional<cancellation_token> middle(root.child_token());
    const auto leaf = middle->child_token();
    const thread canceller([&] { root.cancel(); });
    const thread drops(
        [last = std::move(*middle)]() mutable { const auto gone = std::move(last); });
    middle.reset();
    wait_for(leaf);
}
void one_after_the_other_goes() {
    const cancellation_token root;
    std::optional<cancellation_token> first(root.child_token());
    std::optional<cancellation_token> second(first->child_token());
    const auto leaf = second->child_token();
    first.reset();
    const thread canceller([&] { root.cancel(); });
    second.reset();
    wait_for(leaf);
}
void a_child_is_cancelled_with_its_parent() {
    const cancellation_token parent;
    const auto child = parent.child_token();
    const auto grandchild = child.child_token();
    const thread first([&] { parent.cancel(); });
    const thread second([&] { child.cancel(); });
    wait_for(grandchild);
    check(child.is_cancelled(), "it is cancelled before its own child");
}
void a_grandchild_is_made_while_its_parent_goes() {
    const cancellation_token root;
    std::optional<cancellation_token> middle(root.child_token());
    const thread canceller([&] { root.cancel(); });
    const auto leaf = middle->child_token();
    middle.reset();
    wait_for(leaf);
}

TEST(token, cancels_a_child_that_is_just_made) { holds(a_child_is_made, some); }
TEST(token, cancels_all_below) {
    holds(the_one_in_the_middle_goes, some);
    holds(one_after_the_other_goes, some);
    holds(a_child_is_cancelled_with_its_parent, some);
    holds(a_grandchild_is_made_while_its_parent_goes, some);
}

// --- std::stop_token, whose own operations are not explored

void it_is_followed() {
    const cancellation_token token;
    std::stop_token follower;
    {
        const thread canceller([&] { token.cancel(); });
        follower = token;
    }
    check(follower.stop_requested(), "the stop was not requested");
}
void it_is_followed_when_it_goes() {
    const cancellation_token parent;
    auto child = parent.child_token();
    const std::stop_token follower = child;
    const thread canceller([&] { parent.cancel(); });
    const auto gone = std::move(child);
}

TEST(token, is_followed) {
    holds(it_is_followed);
    holds(it_is_followed_when_it_goes);
}

}  // namespace
