// The ring of a broadcast: each message once for each receiver, in order, or it is said how many are
// missed; and nothing is kept that nobody will see.
#include "support/explorer.hpp"
#include "support/visitor.hpp"

#include <edo/sync/broadcast.hpp>

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

using sender = broadcast_sender<tracked>;
using receiver = broadcast_receiver<tracked>;

/// Sends first…last, then goes.
void send_all(sender tx, int first, int last) {
    for (int i = first; i <= last; ++i) {
        check(tx.send(tracked(i)).has_value(), "a receiver is there");
    }
}
/// Receives until the end: after `seen` the next ones up to `last`, of which some may be missed.
void receive_all(receiver& rx, int seen, int last, bool may_lag) {
    for (;;) {
        const auto got = rx.blocking_recv();
        if (got) {
            check(got->read() == ++seen, "a message was lost or came twice");
        } else if (got.error().is_lagged()) {
            check(may_lag, "nothing was missed");
            seen += static_cast<int>(got.error().lagged());
        } else {
            check(got.error().is_closed(), "it was woken without a word");
            check(seen == last, "the last message was lost");
            return;
        }
    }
}

// --- send and receive

void one_receives() {
    auto ends = broadcast<tracked>(2);
    const thread other([tx = std::move(ends.first)]() mutable { send_all(std::move(tx), 1, 2); });
    receive_all(ends.second, 0, 2, false);
}
void two_receive() {
    auto ends = broadcast<tracked>(1);
    const thread other([rx = ends.first.subscribe()]() mutable { receive_all(rx, 0, 1, false); });
    const thread sends([tx = std::move(ends.first)]() mutable { send_all(std::move(tx), 1, 1); });
    receive_all(ends.second, 0, 1, false);
}
void one_lags() {
    auto ends = broadcast<tracked>(1);
    const thread other([tx = std::move(ends.first)]() mutable { send_all(std::move(tx), 1, 3); });
    receive_all(ends.second, 0, 3, true);
}
void two_send() {
    auto ends = broadcast<tracked>(2);
    const thread other([tx = ends.first]() mutable { send_all(std::move(tx), 1, 1); });
    send_all(std::move(ends.first), 1, 1);
    int count = 0;
    while (const auto got = ends.second.blocking_recv()) { count += got->read(); }
    check(count == 2, "a message was lost or came twice");
}
void an_await_is_dropped() {
    auto ends = broadcast<tracked>(1);
    const thread other([tx = std::move(ends.first)]() mutable { send_all(std::move(tx), 1, 1); });
    {
        visitor cell;
        auto leaf = ends.second.recv();
        static_cast<void>(cell.poll(leaf));
    }
    receive_all(ends.second, 0, 1, false);
}
// What comes later is for the new receiver, what came before is not.
void one_subscribes() {
    auto ends = broadcast<tracked>(2);
    auto late = [&] {
        const thread other([tx = ends.first]() mutable { send_all(std::move(tx), 1, 1); });
        return ends.first.subscribe();
    }();
    const int missed = 1 - static_cast<int>(late.size());
    send_all(std::move(ends.first), 2, 2);
    receive_all(late, missed, 2, false);
    receive_all(ends.second, 0, 2, false);
}

/// Waits as broadcast_recv does, but enlists without another look.
class hasty : public queue_leaf<hasty> {
public:
    explicit hasty(broadcast_ring<int>& ring) : queue_leaf(ring.queue), ring_(&ring) {}
    [[nodiscard]] bool ready() const noexcept { return ring_->is_ready(0); }
    [[nodiscard]] bool arm(suspension& waiter) noexcept {
        return enlist_if(waiter, [] { return true; });
    }
    void await_resume() noexcept { leave(); }

private:
    broadcast_ring<int>* ring_;
};
void a_hasty_one_receives() {
    broadcast_ring<int> ring(1);
    static_cast<void>(ring.add_receiver());
    const thread other([&] {
        int value = 1;
        ring.send(value);
    });
    wait_in_thread(hasty(ring), "recv", {});
}

TEST(broadcast, brings_each_message_once) {
    holds(one_receives, some);
    holds(two_receive, few);
    holds(two_send, some);
    EXPECT_NE(explore(a_hasty_one_receives, some).failure, "");
}
TEST(broadcast, says_what_was_missed) { holds(one_lags, some); }
TEST(broadcast, loses_nothing_with_an_await) { holds(an_await_is_dropped, some); }
TEST(broadcast, gives_new_receivers_what_comes_later) { holds(one_subscribes, some); }

// --- looking

void one_looks_for_a_message() {
    auto ends = broadcast<int>(1);
    tracked told;
    const thread other([&] {
        told.write(1);
        static_cast<void>(ends.first.send(1));
    });
    if (!ends.second.empty()) { static_cast<void>(told.read()); }
}
void one_looks_for_the_end() {
    auto ends = broadcast<int>(1);
    tracked told;
    const thread other([&told, tx = std::move(ends.first)]() mutable {
        told.write(1);
        const auto gone = std::move(tx);
    });
    if (ends.second.is_closed()) { static_cast<void>(told.read()); }
}

TEST(broadcast, shows_what_was_done_before_a_message) {
    holds(one_looks_for_a_message);
    holds(one_looks_for_the_end);
    finds({"::send("}, one_looks_for_a_message);
    finds({"::pending("}, one_looks_for_a_message);
    finds({"::remove_sender("}, one_looks_for_the_end);
    finds({"::senders("}, one_looks_for_the_end);
}

// --- the end of a receiver

// A message is kept as long as there is a receiver that has not seen it.
void a_receiver_goes() {
    auto ends = broadcast<tracked>(2);
    {
        const thread other([rx = ends.first.subscribe()]() mutable {
            static_cast<void>(rx.try_recv());
            const auto gone = std::move(rx);
        });
        check(ends.first.send(tracked(1)).has_value(), "a receiver is there");
        check(ends.first.send(tracked(2)).has_value(), "a receiver is there");
    }
    check(ends.first.receiver_count() == 1, "one is left");
    check(ends.first.size() == 2, "the other one has not seen them");
    check(ends.second.try_recv()->read() == 1, "the first message");
    check(ends.second.try_recv()->read() == 2, "the second message");
    check(ends.first.empty(), "nobody will see it");
}
void a_receiver_that_lags_goes() {
    auto ends = broadcast<tracked>(1);
    check(ends.first.send(tracked(1)).has_value(), "a receiver is there");
    {
        const thread other(
            [rx = std::move(ends.second)]() mutable { const auto gone = std::move(rx); });
        auto late = ends.first.subscribe();
        check(ends.first.send(tracked(2)).has_value(), "a receiver is there");
        check(ends.first.send(tracked(3)).has_value(), "a receiver is there");
        check(late.try_recv().error().lagged() == 1, "one was missed");
        check(late.try_recv()->read() == 3, "the last one");
    }
    check(ends.first.empty(), "nobody will see it");
}
void a_sender_waits_for_the_end() {
    auto ends = broadcast<tracked>(1);
    const thread first(
        [rx = ends.first.subscribe()]() mutable { const auto gone = std::move(rx); });
    const thread second(
        [rx = std::move(ends.second)]() mutable { const auto gone = std::move(rx); });
    wait_in_thread(ends.first.closed(), "closed", {});
    auto refused = ends.first.send(tracked(1));
    check(!refused && refused.error().read() == 1, "the value did not come back");
}
// No sender comes back after the end was told.
void a_weak_sender_is_upgraded() {
    auto ends = broadcast<tracked>(1);
    const thread other([weak = ends.first.downgrade()] {
        if (auto tx = weak.upgrade()) { send_all(std::move(*tx), 1, 1); }
    });
    const thread drops([tx = std::move(ends.first)]() mutable { const auto gone = std::move(tx); });
    while (const auto got = ends.second.blocking_recv()) { check(got->read() == 1, "the message"); }
    check(ends.second.try_recv().error().is_closed(), "it was closed");
}

TEST(broadcast, keeps_nothing_for_a_receiver_that_goes) {
    holds(a_receiver_goes, some);
    holds(a_receiver_that_lags_goes, some);
}
TEST(broadcast, tells_senders_that_nobody_listens) { holds(a_sender_waits_for_the_end, some); }
TEST(broadcast, ends_once) { holds(a_weak_sender_is_upgraded, few); }

}  // namespace
