// The lock of four bytes: one holder at a time, which sees what the last one did; no waiter sleeps on.
#include "support/explorer.hpp"

#include <edo/base/detail/futex_lock.hpp>

#include <gtest/gtest.h>

namespace {

using namespace edo::detail;
using edo::model::finds;
using edo::model::holds;
using edo::model::thread;
using edo::model::tracked;

/// Three threads, so that one may wait while another one takes what a third has left.
void three_holders() {
    futex_lock lock;
    tracked shared;
    const auto hold = [&] {
        lock.lock();
        shared.write(1);
        lock.unlock();
    };
    const thread first(hold);
    const thread second(hold);
    hold();
}

void who_only_tries() {
    futex_lock lock;
    tracked shared;
    const auto try_to_hold = [&] {
        if (!lock.try_lock()) { return; }
        shared.write(1);
        lock.unlock();
    };
    const thread other(try_to_hold);
    lock.lock();
    shared.write(2);
    lock.unlock();
}

TEST(futex_lock, has_one_holder) {
    holds(three_holders, {.preemptions = 3});
    finds({"futex_lock::unlock"}, three_holders);
    finds({"futex_lock::try_lock"}, three_holders);
    finds({"futex_lock::lock_slowly"}, three_holders);
}
TEST(futex_lock, may_be_tried) { holds(who_only_tries); }

}  // namespace
