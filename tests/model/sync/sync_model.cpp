// The primitives between plain threads: nothing that was handed over is lost, nobody sleeps for ever.
#include "support/explorer.hpp"
#include "support/program_memory.hpp"
#include "support/visitor.hpp"

#include <edo/sync/mpsc.hpp>
#include <edo/sync/mutex.hpp>
#include <edo/sync/notify.hpp>
#include <edo/sync/oneshot.hpp>

#include <gtest/gtest.h>

#include <new>
#include <optional>
#include <utility>

namespace {

using namespace edo::detail;
using edo::model::check;
using edo::model::finds;
using edo::model::holds;
using edo::model::thread;
using edo::model::tracked;
using edo::model::visitor;
using namespace edo::sync;

constexpr edo::model::limits some{.preemptions = 3};
constexpr edo::model::limits few{.preemptions = 2};

// --- oneshot

void value_arrives() {
    auto ends = oneshot<tracked>();
    const thread sender([tx = std::move(ends.first)]() mutable {
        check(tx.send(tracked(7)).has_value(), "nobody takes the value");
    });
    auto got = ends.second.blocking_recv();
    check(got.has_value() && got->read() == 7, "the value is lost");
}
void sender_goes() {
    auto ends = oneshot<tracked>();
    const thread sender(
        [tx = std::move(ends.first)]() mutable { const auto gone = std::move(tx); });
    check(!ends.second.blocking_recv().has_value(), "there was no value");
}
void receiver_goes() {
    auto ends = oneshot<tracked>();
    const thread sender([tx = std::move(ends.first)]() mutable {
        auto sent = tx.send(tracked(7));
        if (!sent) { check(sent.error().read() == 7, "the value did not come back"); }
    });
    const auto gone = std::move(ends.second);
}
void await_is_dropped() {
    auto ends = oneshot<tracked>();
    const thread sender([tx = std::move(ends.first)]() mutable {
        check(tx.send(tracked(7)).has_value(), "the receiver is there");
    });
    {
        visitor cell;
        auto leaf = ends.second.recv();
        if (cell.poll(leaf)) {
            check(leaf.await_resume().has_value(), "the value is lost");
            return;
        }
    }
    check(ends.second.blocking_recv().has_value(), "the value is lost");
}

TEST(oneshot, brings_the_value) {
    holds(value_arrives, some);
    finds({"oneshot_word"}, value_arrives, some);
}
TEST(oneshot, tells_that_an_end_is_gone) {
    holds(sender_goes, some);
    holds(receiver_goes, some);
    finds({"oneshot_word"}, receiver_goes, some);
}
TEST(oneshot, keeps_the_value_for_the_next_await) { holds(await_is_dropped, some); }

// --- notify

void permit_is_stored_or_wakes() {
    tracked message;
    notify n;
    const thread notifier([&] {
        message.write(1);
        n.notify_one();
    });
    wait_in_thread(n.notified(), "notified", {});
    static_cast<void>(message.read());
}
void permit_of_a_dropped_waiter_goes_on() {
    notify n;
    const thread notifier([&] { n.notify_one(); });
    {
        visitor cell;
        auto leaf = n.notified();
        if (cell.poll(leaf)) {
            leaf.await_resume();
            return;
        }
    }
    wait_in_thread(n.notified(), "notified", {});
}
/// The notifier may still be inside, for one who was dropped.
void it_dies_with_the_wait() {
    std::optional<notify> n(std::in_place);
    visitor cell;
    std::optional leaf(n->notified());
    check(!cell.poll(*leaf), "nothing has come");
    const thread notifier([&at = *n] { at.notify_one(); });
    leaf.reset();
    wait_in_thread(n->notified(), "notified", {});
    n.reset();
}
void all_are_woken() {
    notify n;
    auto first = n.notified();  // made before: it is meant
    const thread notifier([&] { n.notify_waiters(); });
    wait_in_thread(first, "notified", {});
}

TEST(notify, loses_no_permit) {
    holds(permit_is_stored_or_wakes, some);
    holds(permit_of_a_dropped_waiter_goes_on, some);
    finds({"notify::notify_single"}, permit_is_stored_or_wakes, some);
}
TEST(notify, may_die_when_the_wait_has_ended) { holds(it_dies_with_the_wait, some); }
TEST(notify, wakes_all_that_were_made_before) { holds(all_are_woken, some); }

// --- mutex

void two_threads_count() {
    edo::sync::mutex<tracked> m;
    const auto count = [&m] {
        auto held = m.blocking_lock();
        held->write(held->read() + 1);
    };
    {
        const thread other(count);
        count();
    }
    check(m.blocking_lock()->read() == 2, "a turn was lost");
}
void a_dropped_waiter_hands_the_lock_on() {
    edo::sync::mutex<tracked> m;
    std::optional held(m.blocking_lock());
    const thread holder([&] {
        held->operator*().write(1);
        held.reset();
    });
    {
        visitor cell;
        auto leaf = m.lock();
        if (cell.poll(leaf)) { static_cast<void>(leaf.await_resume()->read()); }
    }
    static_cast<void>(m.blocking_lock()->read());
}

TEST(mutex, is_held_by_one) {
    holds(two_threads_count, some);
    finds({"batch_semaphore"}, two_threads_count, some);
}
TEST(mutex, is_handed_on) { holds(a_dropped_waiter_hands_the_lock_on, few); }

// --- mpsc

void values_arrive_in_order() {
    auto ends = mpsc<tracked>(1);
    const thread sender([tx = std::move(ends.first)]() mutable {
        check(tx.blocking_send(tracked(1)).has_value(), "the receiver is there");
        check(tx.blocking_send(tracked(2)).has_value(), "the receiver is there");
        const auto gone = std::move(tx);
    });
    auto& rx = ends.second;
    auto first = rx.blocking_recv();
    check(first && first->read() == 1, "the first value");
    auto second = rx.blocking_recv();
    check(second && second->read() == 2, "the second value");
    check(!rx.blocking_recv(), "the end");
}
void two_senders() {
    auto ends = mpsc_unbounded<tracked>();
    const auto send_one = [](auto tx) {
        check(tx.send(tracked(1)).has_value(), "the receiver is there");
    };
    const thread other([&send_one, tx = ends.first]() mutable { send_one(std::move(tx)); });
    send_one(std::move(ends.first));
    check(ends.second.blocking_recv().has_value(), "a value is lost");
    check(ends.second.blocking_recv().has_value(), "a value is lost");
    check(!ends.second.blocking_recv().has_value(), "the end");
}
void receiver_closes() {
    auto ends = mpsc<tracked>(1);
    const thread sender([tx = std::move(ends.first)]() mutable {
        static_cast<void>(tx.blocking_send(tracked(1)));
        static_cast<void>(tx.blocking_send(tracked(2)));
    });
    ends.second.close();
    while (auto value = ends.second.blocking_recv()) { static_cast<void>(value->read()); }
}

/// Two senders need the same new block, and there is no memory until one of them has seen that. `Before`:
/// values in the channel, which leave one place in the first block, or none, then there is no block.
template <int Before>
void memory_ends() {
    auto ends = mpsc_unbounded<tracked>();
    auto& [tx, rx] = ends;
    int expected = Before;
    for (int i = 0; i < expected; ++i) { static_cast<void>(tx.send(tracked(i))); }
    const auto sends = [&tx](int values) {
        int sent = 0;
        for (int i = 0; i < values; ++i) {
            try {
                sent += tx.send(tracked(i)).has_value() ? 1 : 0;
            } catch (const std::bad_alloc&) { edo::model::program_memory.is_out_of_memory = false; }
        }
        return sent;
    };
    int sent_by_other = 0;
    thread other([&] { sent_by_other = sends(2); });
    edo::model::program_memory.is_out_of_memory = true;
    expected += sends(2);
    other.join();
    expected += sent_by_other;
    edo::model::program_memory.is_out_of_memory = false;
    expected += sends(1);
    check(rx.len() == static_cast<std::size_t>(expected), "a place is counted that has no value");
    for (int i = 0; i < expected; ++i) { check(rx.try_recv().has_value(), "a value is lost"); }
    check(!rx.try_recv().has_value(), "a value too many");
}

TEST(mpsc, brings_all_values_in_order) {
    holds(values_arrive_in_order, few);
    finds({"slot_block"}, values_arrive_in_order, few);
}
TEST(mpsc, takes_from_two_senders) { holds(two_senders, few); }
TEST(mpsc, lets_no_place_be_lost_with_the_memory) {
    holds(memory_ends<31>, few);
    holds(memory_ends<0>, few);
}
TEST(mpsc, closes) { holds(receiver_closes, few); }

}  // namespace
