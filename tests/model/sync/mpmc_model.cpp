// A queue between many: each value goes to one receiver, room and values are passed on by the dropped.
#include "support/explorer.hpp"
#include "support/visitor.hpp"

#include <edo/sync/mpmc.hpp>

#include <gtest/gtest.h>

#include <array>
#include <memory>
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
constexpr edo::model::limits rarely{.preemptions = 1};
constexpr edo::model::limits never{.preemptions = 0};

/// How often each value came; under a lock, as receivers count.
class tally {
public:
    void count(int value) {
        const lock_guard guard(lock_);
        ++seen_.at(static_cast<std::size_t>(value));
    }
    template <class Receiver>
    void count_all(const Receiver& rx) {
        while (const auto got = rx.blocking_recv()) { count(got->read()); }
    }
    void each_came_once(int last) {
        for (int i = 1; i <= last; ++i) {
            check(seen_.at(static_cast<std::size_t>(i)) == 1, "a value was lost or came twice");
        }
    }

private:
    mutex lock_;
    std::array<int, 4> seen_{};
};

// --- send and receive

void values_arrive_in_order() {
    auto ends = mpmc<tracked>(1);
    const thread sender([tx = std::move(ends.first)]() mutable {
        check(tx.blocking_send(tracked(1)).has_value(), "the receiver is there");
        check(tx.blocking_send(tracked(2)).has_value(), "the receiver is there");
        const auto gone = std::move(tx);
    });
    auto& rx = ends.second;
    const auto first = rx.blocking_recv();
    check(first && first->read() == 1, "the first value");
    const auto second = rx.blocking_recv();
    check(second && second->read() == 2, "the second value");
    check(!rx.blocking_recv(), "the end");
}
void two_receive() {
    tally seen;
    {
        auto ends = mpmc<tracked>(2);
        const thread other([&seen, rx = ends.second] { seen.count_all(rx); });
        const thread sender([tx = std::move(ends.first)]() mutable {
            check(tx.blocking_send(tracked(1)).has_value(), "a receiver is there");
            check(tx.blocking_send(tracked(2)).has_value(), "a receiver is there");
            const auto gone = std::move(tx);
        });
        seen.count_all(ends.second);
    }
    seen.each_came_once(2);
}
void two_send() {
    tally seen;
    auto ends = mpmc<tracked>(1);
    const auto send_one = [](auto tx, int value) {
        check(tx.blocking_send(tracked(value)).has_value(), "the receiver is there");
    };
    const thread first([&, tx = ends.first]() mutable { send_one(std::move(tx), 1); });
    const thread second([&, tx = std::move(ends.first)]() mutable { send_one(std::move(tx), 2); });
    seen.count_all(ends.second);
    seen.each_came_once(2);
}
/// `InOrder`: the value is there before its permit.
template <bool InOrder>
void the_value_comes_with_its_permit() {
    mpmc_channel<tracked> channel(1);
    const thread sender([&] {
        check(channel.room.try_acquire(1) == batch_semaphore::attempt::granted, "there is room");
        if (!InOrder) { channel.values.give_back(1); }
        static_cast<void>(channel.push(mpsc_value<tracked>(tracked(1))));
    });
    check(wait_in_thread(mpmc_recv_leaf(channel), "recv", {}).has_value(), "there is no value");
}
void one_leaf_is_awaited_again() {
    auto ends = mpmc<tracked>(2);
    const thread sender([tx = std::move(ends.first)]() mutable {
        check(tx.try_send(tracked(1)).has_value(), "there is room");
        check(tx.try_send(tracked(2)).has_value(), "there is room");
        const auto gone = std::move(tx);
    });
    auto next = ends.second.recv();
    check(wait_in_thread(next, "recv", {}).has_value(), "the first value");
    check(wait_in_thread(next, "recv", {}).has_value(), "the second value");
    check(!wait_in_thread(next, "recv", {}).has_value(), "the end");
}

TEST(mpmc, brings_all_values_in_order) {
    holds(values_arrive_in_order, rarely);
    holds(one_leaf_is_awaited_again, rarely);
    holds(the_value_comes_with_its_permit<true>, some);
    EXPECT_NE(explore(the_value_comes_with_its_permit<false>, some).failure, "");
}
TEST(mpmc, brings_each_value_to_one) { holds(two_receive, never); }
TEST(mpmc, takes_from_two_senders) { holds(two_send, never); }

// --- drop

void one_who_was_given_a_value_is_dropped() {
    auto ends = mpmc<tracked>(1);
    const thread sender([tx = ends.first] {
        check(tx.blocking_send(tracked(1)).has_value(), "the receiver is there");
    });
    {
        visitor cell;
        auto leaf = ends.second.recv();
        static_cast<void>(cell.poll(leaf));
    }
    check(ends.second.blocking_recv().has_value(), "the value is lost");
}
// Two wait; the value of the first one goes to the second one.
void the_first_of_two_is_dropped() {
    auto ends = mpmc<tracked>(1);
    visitor cell;
    std::optional leaf(ends.second.recv());
    check(!cell.poll(*leaf), "there is no value");
    const thread sender(
        [tx = ends.first] { check(tx.try_send(tracked(1)).has_value(), "there is room"); });
    const thread other(
        [rx = ends.second] { check(rx.blocking_recv().has_value(), "the value is lost"); });
    leaf.reset();
}
void one_who_was_given_room_is_dropped() {
    auto ends = mpmc<tracked>(1);
    check(ends.first.try_send(tracked(1)).has_value(), "there is room");
    const thread receiver([rx = ends.second] { check(rx.try_recv()->read() == 1, "the value"); });
    {
        visitor cell;
        auto leaf = ends.first.send(tracked(2));
        static_cast<void>(cell.poll(leaf));
    }
    check(ends.first.blocking_send(tracked(3)).has_value(), "the receiver is there");
}

TEST(mpmc, passes_on_what_a_dropped_one_has) {
    holds(one_who_was_given_a_value_is_dropped, few);
    holds(the_first_of_two_is_dropped, few);
    holds(one_who_was_given_room_is_dropped, few);
}

// --- close

// What was accepted is there for somebody, what was not has come back.
void it_is_closed_by_a_receiver() {
    int accepted = 0, received = 0;
    auto ends = mpmc<tracked>(1);
    {
        const thread sender([&accepted, tx = ends.first] {
            for (const int i : {1, 2}) {
                auto sent = tx.blocking_send(tracked(i));
                if (!sent) {
                    check(sent.error().value().read() == i, "the value did not come back");
                }
                accepted += sent ? 1 : 0;
            }
        });
        static_cast<void>(ends.second.blocking_recv() ? ++received : 0);
        ends.second.close();
    }
    while (ends.second.try_recv()) { ++received; }
    check(accepted == received, "a value was lost or came twice");
}
// Who had room when it was closed is not let in behind the end.
void nothing_comes_after_the_end() {
    auto ends = mpmc<tracked>(1);
    {
        const thread sender([tx = ends.first] { static_cast<void>(tx.blocking_send(tracked(1))); });
        ends.second.close();
        while (ends.second.blocking_recv()) {}
    }
    check(ends.second.empty(), "a value came after the end");
}
// Who has booked before it was closed is waited for. `Waits`: the close does.
template <bool Waits>
void a_permit_is_out_when_it_is_closed() {
    auto channel = std::make_shared<mpmc_channel<tracked>>(1);
    check(channel->room.try_acquire(1) == batch_semaphore::attempt::granted && channel->book(1),
          "there is room");
    const thread sender([channel] { channel->push_booked(mpsc_value<tracked>(tracked(1))); });
    channel->close();
    if (!Waits) { channel->values.close(); }
    const auto got = wait_in_thread(mpmc_recv_leaf(*channel), "recv", {});
    check(got && got->read() == 1, "the value is lost");
    check(!wait_in_thread(mpmc_recv_leaf(*channel), "recv", {}).has_value(), "the end");
}
void a_permit_is_given_back_when_it_is_closed() {
    auto ends = mpmc<tracked>(1);
    auto permit = ends.first.try_reserve();
    const thread sender(
        [held = std::move(permit)]() mutable { const auto gone = std::move(held); });
    const thread other([rx = ends.second] { rx.close(); });
    check(!ends.second.blocking_recv(), "there is no value");
}
void the_last_receiver_goes() {
    auto ends = mpmc<tracked>(1);
    const thread receiver(
        [rx = std::move(ends.second)]() mutable { const auto gone = std::move(rx); });
    static_cast<void>(ends.first.blocking_send(tracked(1)));
    check(!ends.first.blocking_send(tracked(2)).has_value(), "nobody is left");
}
void one_waits_for_the_end() {
    auto ends = mpmc<tracked>(1);
    tracked message;
    const thread sender([&message, tx = std::move(ends.first)]() mutable {
        message.write(1);
        const auto gone = std::move(tx);
    });
    const thread other([rx = ends.second] { check(!rx.blocking_recv(), "there is no value"); });
    check(!ends.second.blocking_recv(), "there is no value");
    static_cast<void>(message.read());
}
void one_looks_for_the_end() {
    auto ends = mpmc<tracked>(1);
    tracked message;
    const thread sender([&message, tx = std::move(ends.first)]() mutable {
        message.write(1);
        const auto gone = std::move(tx);
    });
    if (ends.second.is_closed()) { static_cast<void>(message.read()); }
}

TEST(mpmc, loses_nothing_when_it_is_closed) {
    holds(it_is_closed_by_a_receiver, few);
    holds(nothing_comes_after_the_end, some);
    holds(a_permit_is_out_when_it_is_closed<true>, few);
    EXPECT_NE(explore(a_permit_is_out_when_it_is_closed<false>, few).failure, "");
    holds(a_permit_is_given_back_when_it_is_closed, rarely);
}
TEST(mpmc, tells_that_the_other_end_is_gone) {
    holds(the_last_receiver_goes, few);
    holds(one_waits_for_the_end, rarely);
    holds(one_looks_for_the_end);
    finds({"batch_semaphore::close"}, one_looks_for_the_end);
    finds({"batch_semaphore::is_closed"}, one_looks_for_the_end);
}

}  // namespace
