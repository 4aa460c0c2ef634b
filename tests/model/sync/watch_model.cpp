// The version of a watch: no change is missed, the last value is seen, the ends learn of each other's.
#include "support/explorer.hpp"
#include "support/visitor.hpp"

#include <edo/sync/watch.hpp>

#include <gtest/gtest.h>

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
using namespace edo::sync;

constexpr edo::model::limits some{.preemptions = 3};
constexpr edo::model::limits few{.preemptions = 2};

using receiver = watch_receiver<tracked>;

bool changed(receiver& rx) { return wait_in_thread(rx.changed(), "changed", {}).has_value(); }

/// Reads until the end; each value must be newer than the one before, the last one `last`.
void read_all(receiver& rx, int last) {
    int seen = 0;
    while (changed(rx)) {
        const int now = rx.borrow_and_update()->read();
        check(now > seen, "a change without a new value");
        seen = now;
    }
    check(seen == last, "the last value was not seen");
}

// --- values

void all_changes_are_seen() {
    auto ends = watch(tracked(0));
    const thread sender([tx = std::move(ends.first)]() mutable {
        check(tx.send(tracked(1)).has_value(), "the receiver is there");
        check(tx.send(tracked(2)).has_value(), "the receiver is there");
        const auto gone = std::move(tx);
    });
    read_all(ends.second, 2);
}
void two_receivers() {
    auto ends = watch(tracked(0));
    const thread other([rx = ends.second]() mutable { read_all(rx, 1); });
    const thread sender([tx = std::move(ends.first)]() mutable {
        static_cast<void>(tx.send_replace(tracked(1)));
        const auto gone = std::move(tx);
    });
    read_all(ends.second, 1);
}
void an_await_is_dropped() {
    auto ends = watch(tracked(0));
    const thread sender([tx = std::move(ends.first)]() mutable {
        static_cast<void>(tx.send_replace(tracked(1)));
        const auto gone = std::move(tx);
    });
    {
        visitor cell;
        auto leaf = ends.second.changed();
        static_cast<void>(cell.poll(leaf));
    }
    read_all(ends.second, 1);
}
// A new receiver has seen the present value or is told of it.
void one_subscribes() {
    auto ends = watch(tracked(0));
    auto rx = ends.first.subscribe();
    const thread sender([tx = ends.first] { static_cast<void>(tx.send_replace(tracked(1))); });
    auto late = ends.first.subscribe();
    if (late.borrow()->read() == 0) { check(changed(late), "there is a sender"); }
    check(late.borrow()->read() == 1, "the value that it was told of");
}
template <bool Announces>
void a_change_is_announced() {
    auto ends = watch(tracked(0));
    const thread sender([&tx = ends.first] {
        tx.send_if_modified([](tracked& value) {
            value.write(1);
            return Announces;
        });
    });
    check(changed(ends.second), "there is a sender");
    check(ends.second.borrow()->read() == 1, "the value is not there");
}

TEST(watch, shows_the_last_value) {
    holds(all_changes_are_seen, some);
    holds(two_receivers, few);
    holds(a_change_is_announced<true>, some);
    EXPECT_NE(explore(a_change_is_announced<false>, some).failure, "");
}
TEST(watch, loses_nothing_with_an_await) { holds(an_await_is_dropped, some); }
TEST(watch, lets_others_subscribe) { holds(one_subscribes, some); }

// --- looking

void one_looks_for_a_change() {
    auto ends = watch(0);
    tracked message;
    const thread sender([&] {
        message.write(1);
        static_cast<void>(ends.first.send_replace(1));
    });
    if (*ends.second.has_changed()) { static_cast<void>(message.read()); }
}
void one_looks_for_the_end() {
    auto ends = watch(0);
    tracked message;
    const thread sender([&, tx = std::move(ends.first)]() mutable {
        message.write(1);
        const auto gone = std::move(tx);
    });
    if (!ends.second.has_changed()) { static_cast<void>(message.read()); }
}
// The end counts once the last value was seen.
void a_value_comes_with_the_end() {
    auto ends = watch(0);
    const thread sender([tx = std::move(ends.first)]() mutable {
        static_cast<void>(tx.send_replace(1));
        const auto gone = std::move(tx);
    });
    check(ends.second.has_changed().has_value(), "there is a value that was not seen");
}

TEST(watch, shows_what_was_done_before_a_change) {
    holds(one_looks_for_a_change);
    holds(one_looks_for_the_end);
    finds({"::change<"}, one_looks_for_a_change);
    finds({"::seen_version("}, one_looks_for_a_change);
    finds({"::drop_sender("}, one_looks_for_the_end);
}
TEST(watch, shows_a_value_before_the_end) { holds(a_value_comes_with_the_end); }

// --- the end of the receivers

void a_sender_waits_for_the_end() {
    auto ends = watch(0);
    tracked message;
    const thread other([&message, rx = std::move(ends.second)]() mutable {
        message.write(1);
        const auto gone = std::move(rx);
    });
    wait_in_thread(ends.first.closed(), "closed", {});
    static_cast<void>(message.read());
}
void a_sender_looks_for_the_end() {
    auto ends = watch(0);
    tracked message;
    const thread other([&message, rx = std::move(ends.second)]() mutable {
        message.write(1);
        const auto gone = std::move(rx);
    });
    if (!ends.first.send(1)) { static_cast<void>(message.read()); }
}
void two_receivers_go() {
    auto ends = watch(0);
    const thread first([rx = ends.second]() mutable { const auto gone = std::move(rx); });
    const thread second(
        [rx = std::move(ends.second)]() mutable { const auto gone = std::move(rx); });
    wait_in_thread(ends.first.closed(), "closed", {});
}

TEST(watch, tells_senders_that_nobody_listens) {
    holds(a_sender_waits_for_the_end, some);
    holds(a_sender_looks_for_the_end);
    holds(two_receivers_go, some);
    finds({"::drop_receiver("}, a_sender_looks_for_the_end);
    finds({"::is_unwatched("}, a_sender_looks_for_the_end);
}

}  // namespace
