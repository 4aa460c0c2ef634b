// A value that is set once: by one, seen whole by all, and nobody waits for ever.
#include "support/explorer.hpp"
#include "support/visitor.hpp"

#include <edo/sync/once_cell.hpp>

#include <gtest/gtest.h>

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

void one_looks() {
    set_once<tracked> cell;
    const thread setter([&] { check(cell.set(tracked(7)).has_value(), "nobody else sets it"); });
    if (const tracked* found = cell.get()) { check(found->read() == 7, "the value is not whole"); }
}
void one_waits() {
    set_once<tracked> cell;
    const thread setter([&] { check(cell.set(tracked(7)).has_value(), "nobody else sets it"); });
    check(cell.blocking_wait().read() == 7, "the value is not whole");
}
void two_set() {
    set_once<tracked> cell;
    int successes = 0;
    {
        const auto set_to = [&cell](int value) {
            auto done = cell.set(tracked(value));
            if (!done) { check(done.error().read() == value, "the value did not come back"); }
            return done ? 1 : 0;
        };
        int others = 0;
        {
            const thread other([&] { others = set_to(1); });
            successes = set_to(2);
        }
        successes += others;
    }
    check(successes == 1, "it was set twice, or never");
    check(cell.get() != nullptr, "the value is not there");
}
void a_wait_is_dropped() {
    set_once<tracked> cell;
    const thread setter([&] { check(cell.set(tracked(7)).has_value(), "nobody else sets it"); });
    const thread other([&] { check(cell.blocking_wait().read() == 7, "the value is not whole"); });
    visitor looks;
    auto leaf = cell.wait();
    static_cast<void>(looks.poll(leaf));
}
// A setter of a once_cell that finds another one at it fails, but one of them succeeds.
void two_set_a_cell() {
    once_cell<tracked> cell;
    int others = 0, mine = 0;
    {
        const thread other([&] { others = cell.set(tracked(1)) ? 1 : 0; });
        mine = cell.set(tracked(2)) ? 1 : 0;
    }
    check(others + mine == 1, "it was set twice, or never");
    check(cell.get()->read() == (mine != 0 ? 2 : 1), "the value of the other one");
}

TEST(set_once, is_seen_whole) {
    holds(one_looks);
    finds({"::store("}, one_looks);
    finds({"::is_set("}, one_looks);
}
TEST(set_once, wakes_who_waits) {
    holds(one_waits, some);
    holds(a_wait_is_dropped, some);
}
TEST(set_once, is_set_by_one) { holds(two_set, some); }
TEST(once_cell, is_set_by_one) { holds(two_set_a_cell, some); }

}  // namespace
