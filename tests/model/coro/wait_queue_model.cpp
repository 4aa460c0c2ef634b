// The list of those who wait: nobody is forgotten, nobody is told twice, who leaves is left alone.
#include "support/explorer.hpp"
#include "support/visitor.hpp"

#include <edo/coro/detail/wait_queue.hpp>

#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <utility>

namespace {

using namespace edo::detail;
using edo::model::check;
using edo::model::explore;
using edo::model::finds;
using edo::model::holds;
using edo::model::thread;
using edo::model::tracked;
using edo::model::visitor;

constexpr edo::model::limits some{.preemptions = 3};
constexpr edo::model::limits few{.preemptions = 2};

// --- a condition that changes once

struct door {
    wait_queue queue;
    atomic<bool> is_open{false};
    void open() {
        queue.tell_all_if([this] {
            is_open.store(true, release);
            return true;
        });
    }
};
/// `Looks`: once more under the lock before it enlists.
template <bool Looks>
class door_wait : public queue_leaf<door_wait<Looks>> {
public:
    explicit door_wait(door& at) : queue_leaf<door_wait>(at.queue), door_(&at) {}
    [[nodiscard]] bool ready() const noexcept { return door_->is_open.load(acquire); }
    [[nodiscard]] bool arm(suspension& waiter) noexcept {
        return this->enlist_if(waiter, [this] { return !Looks || !ready(); });
    }
    void await_resume() noexcept { this->leave(); }

private:
    door* door_;
};

template <bool Looks>
void one_waits() {
    door at;
    tracked message;
    const thread opener([&] {
        message.write(1);
        at.open();
    });
    wait_in_thread(door_wait<Looks>(at), "wait", {});
    static_cast<void>(message.read());
}
void two_wait() {
    door at;
    const thread opener([&] { at.open(); });
    const thread other([&] { wait_in_thread(door_wait<true>(at), "wait", {}); });
    wait_in_thread(door_wait<true>(at), "wait", {});
}
void one_of_two_leaves() {
    door at;
    const thread opener([&] { at.open(); });
    const thread other([&] { wait_in_thread(door_wait<true>(at), "wait", {}); });
    visitor cell;
    door_wait<true> leaf(at);
    static_cast<void>(cell.poll(leaf));
}

TEST(wait_queue, forgets_nobody) {
    holds(one_waits<true>, some);
    holds(two_wait, few);
    EXPECT_NE(explore(one_waits<false>, some).failure, "");
}
TEST(wait_queue, lets_one_leave) { holds(one_of_two_leaves, some); }

// --- being told

/// Ready when it was told, as in a barrier.
class told_leaf : public queue_leaf<told_leaf> {
public:
    explicit told_leaf(wait_queue& queue) : queue_leaf(queue) {}
    [[nodiscard]] bool ready() const noexcept { return was_told(); }
    [[nodiscard]] bool arm(suspension& waiter) noexcept {
        return enlist_if(waiter, [] { return true; });
    }
    void await_resume() noexcept { leave(); }
};

void it_looks_whether_it_was_told() {
    wait_queue queue;
    tracked message;
    visitor cell;
    told_leaf leaf(queue);
    static_cast<void>(cell.poll(leaf));
    const thread teller([&] {
        message.write(1);
        queue.tell_all_if([] { return true; });
    });
    if (leaf.ready()) { static_cast<void>(message.read()); }
}
// More than one batch: the lock is released in between, and some leave then.
template <std::size_t Count>
void many_are_told() {
    wait_queue queue;
    std::array<visitor, Count> cells;
    std::array<std::optional<told_leaf>, Count> leaves;
    for (std::size_t i = 0; i < Count; ++i) {
        static_cast<void>(cells[i].poll(leaves[i].emplace(queue)));
    }
    thread teller([&] { queue.tell_all_if([] { return true; }); });
    leaves.front().reset();
    leaves.back().reset();
    teller.join();
    for (std::size_t i = 1; i + 1 < Count; ++i) {
        check(leaves[i]->ready(), "one of them was not told");
    }
}

TEST(wait_queue, shows_that_it_was_told) {
    holds(it_looks_whether_it_was_told);
    finds({"wait_queue::tell("}, it_looks_whether_it_was_told);
    finds({"::was_told("}, it_looks_whether_it_was_told);
}
TEST(wait_queue, tells_more_than_one_batch) { holds(many_are_told<34>, some); }

// --- one is told, and leaves

/// `PassesOn`: one who leaves with a notification gives it to the next.
template <bool PassesOn>
class single_leaf : public queue_leaf<single_leaf<PassesOn>> {
public:
    explicit single_leaf(wait_queue& queue) : queue_leaf<single_leaf>(queue), queue_(&queue) {}
    ~single_leaf() {
        if (this->leave() && this->was_told_alone() && PassesOn) { tell_one(*queue_); }
    }
    [[nodiscard]] bool ready() const noexcept { return this->was_told(); }
    [[nodiscard]] bool arm(suspension& waiter) noexcept {
        return this->enlist_if(waiter, [] { return true; });
    }
    void await_resume() noexcept { this->leave(); }

    static void tell_one(wait_queue& queue) noexcept {
        claimed woken;
        {
            const lock_guard guard(queue.lock);
            if (!queue.empty()) { woken = queue.tell_first(); }
        }
        woken.enqueue();
    }

private:
    wait_queue* queue_;
};

template <bool PassesOn>
void the_first_one_leaves() {
    using waiting = single_leaf<PassesOn>;
    wait_queue queue;
    visitor first_cell, second_cell;
    std::optional<waiting> first(queue);
    waiting second(queue);
    static_cast<void>(first_cell.poll(*first));
    static_cast<void>(second_cell.poll(second));
    thread teller([&] { waiting::tell_one(queue); });
    first.reset();
    teller.join();
    check(second.ready(), "the notification is lost");
}

TEST(wait_queue, passes_a_notification_on) {
    holds(the_first_one_leaves<true>);
    EXPECT_NE(explore(the_first_one_leaves<false>).failure, "");
}

// --- who is in a list that was taken counts as told

struct meeting {
    wait_queue queue;
    intrusive_list<queue_place> unmarked;
    int waiting = 0;
};
/// Counts until the other one comes. `Marks`: in the queue's own list, with its mark.
template <bool Marks>
class meeting_leaf : public queue_leaf<meeting_leaf<Marks>> {
public:
    explicit meeting_leaf(meeting& at) : queue_leaf<meeting_leaf>(at.queue), at_(&at) {}
    ~meeting_leaf() {
        this->leave([this]() noexcept { --at_->waiting; });
    }
    [[nodiscard]] bool ready() const noexcept { return false; }
    [[nodiscard]] bool arm(suspension& waiter) noexcept {
        const auto count = [this] { return ++at_->waiting != 0; };
        return Marks ? this->enlist_if(waiter, count)
                     : this->enlist_if(waiter, at_->unmarked, count);
    }
    void await_resume() noexcept {}

private:
    meeting* at_;
};

template <bool Marks>
void the_other_one_comes() {
    meeting at;
    {
        visitor cell;
        std::optional<meeting_leaf<Marks>> leaf(at);
        static_cast<void>(cell.poll(*leaf));
        const thread other([&] {
            const auto all_go = [&] { return std::exchange(at.waiting, 0) != 0; };
            intrusive_list<queue_place> told;
            if (Marks) {
                at.queue.take_all_if(told, all_go);
            } else {
                const lock_guard guard(at.queue.lock);
                all_go();
                told.splice_back(at.unmarked);
            }
            at.queue.tell_all(told);
        });
        leaf.reset();
    }
    check(at.waiting == 0, "one who was let go was counted off");
}

TEST(wait_queue, counts_who_was_taken_as_told) {
    holds(the_other_one_comes<true>);
    EXPECT_NE(explore(the_other_one_comes<false>).failure, "");
}

}  // namespace
