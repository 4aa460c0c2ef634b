// The token of a parker: no unpark() is lost, and what was done before it is seen.
#include "support/explorer.hpp"

#include <edo/base/detail/parker.hpp>

#include <gtest/gtest.h>

namespace {

using namespace edo::detail;
using edo::model::finds;
using edo::model::holds;
using edo::model::thread;
using edo::model::tracked;

void sleeps_until_it_is_told() {
    tracked message;
    atomic<bool> told{false};
    parker& sleeper = parker::this_thread();
    const thread waker([&] {
        message.write(1);
        told.store(true, relaxed);
        sleeper.unpark();
    });
    while (!told.load(relaxed)) { sleeper.park(); }
}

void reads_what_was_written_before_the_token() {
    tracked message;
    parker& sleeper = parker::this_thread();
    const thread waker([&] {
        message.write(1);
        sleeper.unpark();
    });
    sleeper.park();  // there is no other unpark(), and the futex of the model has no spurious wakes
    static_cast<void>(message.read());
}

void two_wakers() {
    atomic<int> told{0};
    parker& sleeper = parker::this_thread();
    const thread first([&] {
        told.fetch_add(1, relaxed);
        sleeper.unpark();
    });
    const thread second([&] {
        told.fetch_add(1, relaxed);
        sleeper.unpark();
    });
    while (told.load(relaxed) < 2) { sleeper.park(); }
}

TEST(parker, loses_no_token) { holds(sleeps_until_it_is_told); }
TEST(parker, loses_none_of_two) { holds(two_wakers); }
TEST(parker, orders_what_came_before) {
    holds(reads_what_was_written_before_the_token);
    finds({"parker::unpark"}, reads_what_was_written_before_the_token);
    finds({"parker::wait"}, reads_what_was_written_before_the_token);
}

}  // namespace
