// Permits go from hand to hand: none is lost, none is there twice, whoever is dropped or closed.
#include "support/explorer.hpp"
#include "support/visitor.hpp"

#include <edo/sync/semaphore.hpp>

#include <gtest/gtest.h>

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
using edo::sync::semaphore;

constexpr edo::model::limits some{.preemptions = 3};
constexpr edo::model::limits few{.preemptions = 2};

// --- hand-over

void a_permit_is_handed_over() {
    semaphore s(0);
    tracked message;
    const thread giver([&] {
        message.write(1);
        s.add_permits(1);
    });
    const auto got = s.blocking_acquire();  // kept: to give it back orders, too
    check(got.has_value(), "it was not closed");
    static_cast<void>(message.read());
}
// The other one needs both, and they come one by one.
void permits_are_gathered() {
    semaphore s(2);
    tracked message;
    auto first = s.try_acquire(), second = s.try_acquire();
    const thread giver([&] {
        message.write(1);
        first->release();
        message.write(2);
        second->release();
    });
    const auto both = s.blocking_acquire(2);
    check(message.read() == 2, "a permit was there too early");
}
void a_grant_is_looked_at() {
    semaphore s(0);
    tracked message;
    visitor cell;
    auto leaf = s.acquire();
    check(!cell.poll(leaf), "there was no permit");
    const thread giver([&] {
        message.write(1);
        s.add_permits(1);
    });
    if (leaf.ready()) { static_cast<void>(message.read()); }
}
// Who has got the last permit knows that nobody else touches the semaphore.
void the_last_one_destroys_it() {
    auto s = std::make_unique<semaphore>(1);
    const thread giver([held = s->try_acquire()]() mutable { held->release(); });
    static_cast<void>(s->blocking_acquire());
    s.reset();
}
void it_is_awaited_again() {
    semaphore s(0);
    visitor cell;
    auto leaf = s.acquire();
    static_cast<void>(cell.poll(leaf));
    const thread giver([&] { s.add_permits(1); });
    const auto held = wait_in_thread(leaf, "acquire", {});
    check(!cell.poll(leaf), "there was one permit, not two");
}

TEST(semaphore, hands_permits_over) {
    holds(a_permit_is_handed_over, some);
    finds({"batch_semaphore::give_back"}, a_permit_is_handed_over, some);
    finds({"batch_semaphore::try_acquire"}, a_permit_is_handed_over, some);
    finds({"batch_semaphore::enqueue"}, a_permit_is_handed_over, some);
}
TEST(semaphore, gathers_permits) { holds(permits_are_gathered, some); }
TEST(semaphore, shows_a_grant) {
    holds(a_grant_is_looked_at);
    finds({"batch_semaphore::distribute"}, a_grant_is_looked_at);
    finds({"semaphore_waiter::ready"}, a_grant_is_looked_at);
}
TEST(semaphore, may_die_with_its_last_permit) { holds(the_last_one_destroys_it, some); }
TEST(semaphore, gives_a_permit_for_each_await) { holds(it_is_awaited_again, some); }

// --- drop

/// Waits as semaphore::acquire() does; when it is dropped it keeps what it was given.
class greedy : public leaf<greedy> {
public:
    explicit greedy(batch_semaphore& s) : waiter_(s, 1) {}
    ~greedy() { static_cast<void>(waiter_.disarm()); }
    [[nodiscard]] bool ready() noexcept { return waiter_.ready(); }
    [[nodiscard]] bool arm(suspension& waiter) noexcept { return waiter_.arm(waiter); }
    bool await_resume() noexcept { return waiter_.take(); }

private:
    semaphore_waiter waiter_;
};
void a_greedy_one_is_dropped() {
    batch_semaphore s(0);
    const thread giver([&] { s.give_back(1); });
    {
        visitor cell;
        greedy leaf(s);
        if (cell.poll(leaf)) { return; }
    }
    wait_in_thread(greedy(s), "acquire", {});
}

void one_who_was_given_a_permit_is_dropped() {
    semaphore s(0);
    const thread giver([&] { s.add_permits(1); });
    {
        visitor cell;
        auto leaf = s.acquire();
        static_cast<void>(cell.poll(leaf));
    }
    check(s.blocking_acquire().has_value(), "it was not closed");
}
// What it has gathered goes on as well.
void one_who_gathers_is_dropped() {
    semaphore s(2);
    auto first = s.try_acquire(), second = s.try_acquire();
    const thread giver([&] {
        first->release();
        second->release();
    });
    {
        visitor cell;
        auto leaf = s.acquire(2);
        static_cast<void>(cell.poll(leaf));
    }
    check(s.blocking_acquire(2).has_value(), "it was not closed");
}
// Nothing is released while the other one waits: its permit was the dropped one's.
void the_next_one_gets_what_was_gathered() {
    semaphore s(2);
    const auto held = s.try_acquire();
    visitor cell;
    std::optional<decltype(s.acquire(2))> leaf(s.acquire(2));
    check(!cell.poll(*leaf), "there is one permit, not two");
    const thread next([&] { check(s.blocking_acquire().has_value(), "it was not closed"); });
    leaf.reset();
}
void the_first_of_two_is_dropped() {
    semaphore s(0);
    visitor first_cell;
    std::optional<decltype(s.acquire())> first(s.acquire());
    check(!first_cell.poll(*first), "there is no permit");
    const thread giver([&] { s.add_permits(1); });
    const thread second([&] { check(s.blocking_acquire().has_value(), "it was not closed"); });
    first.reset();
}

TEST(semaphore, passes_on_what_a_dropped_one_has) {
    holds(one_who_was_given_a_permit_is_dropped, some);
    holds(one_who_gathers_is_dropped, some);
    EXPECT_NE(explore(a_greedy_one_is_dropped, some).failure, "");
}
TEST(semaphore, serves_the_one_behind_a_dropped_one) {
    holds(the_next_one_gets_what_was_gathered, some);
    holds(the_first_of_two_is_dropped, few);
}

// --- close

void it_is_closed_while_one_waits() {
    semaphore s(0);
    tracked message;
    const thread closer([&] {
        message.write(1);
        s.close();
    });
    check(!s.blocking_acquire().has_value(), "there is no permit");
    static_cast<void>(message.read());
}
void it_is_seen_to_be_closed() {
    semaphore s(0);
    tracked message;
    const thread closer([&] {
        message.write(1);
        s.close();
    });
    if (s.is_closed()) { static_cast<void>(message.read()); }
}
// Granted or closed: afterwards all permits are back.
void it_is_closed_while_a_permit_comes_back() {
    semaphore s(2);
    {
        auto held = s.try_acquire();
        const thread giver([&] { held->release(); });
        const thread closer([&] { s.close(); });
        static_cast<void>(s.blocking_acquire(2));
    }
    check(s.available_permits() == 2, "a permit is lost");
    check(!s.try_acquire(), "it is closed");
}
void it_is_closed_while_one_is_dropped() {
    semaphore s(2);
    auto held = s.try_acquire();
    {
        const thread closer([&] { s.close(); });
        visitor cell;
        auto leaf = s.acquire(2);
        static_cast<void>(cell.poll(leaf));
    }
    check(s.available_permits() == 1, "a permit is lost");
}
TEST(semaphore, tells_that_it_is_closed) {
    holds(it_is_closed_while_one_waits, some);
    holds(it_is_seen_to_be_closed);
    finds({"batch_semaphore::close"}, it_is_seen_to_be_closed);
    finds({"batch_semaphore::is_closed"}, it_is_seen_to_be_closed);
}
TEST(semaphore, loses_no_permit_when_it_is_closed) {
    holds(it_is_closed_while_a_permit_comes_back, few);
    holds(it_is_closed_while_one_is_dropped, some);
}

}  // namespace
