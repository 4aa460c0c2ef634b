// What takes one wait at a time says so; and the receiver that closes wakes its own receive.
#include "support/runtime_fixture.hpp"

#include <edo/edo.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <utility>

namespace {

using edo::task;

class one_wait : public edo::test::runtime_test {
protected:
    void run(task<> (*body)()) { rt().block_on(rt().spawn(body)); }
};
INSTANTIATE_TEST_SUITE_P(kinds, one_wait, edo::test::all_kinds, edo::test::kind_name);

task<int> waits_for(std::shared_ptr<edo::sync::notify> go) {
    co_await go->notified();
    co_return 7;
}

TEST_P(one_wait, of_a_handle) {
    run([]() -> task<> {
        auto go = std::make_shared<edo::sync::notify>();
        auto h = edo::spawn(waits_for, go);
        EXPECT_THROW(co_await edo::try_join(h, h), std::logic_error);
        EXPECT_THROW(co_await edo::try_join(h.join(), h.join()), std::logic_error);
        EXPECT_FALSE(h.is_finished()) << "the task is as it was";
        go->notify_one();
        EXPECT_EQ(co_await h, 7);
    });
}
TEST_P(one_wait, of_a_handle_whose_task_ends_between_the_two) {
    run([]() -> task<> {
        auto go = std::make_shared<edo::sync::notify>();
        auto h = edo::spawn(waits_for, go);
        go->notify_one();
        while (!h.is_finished()) { co_await edo::yield_now(); }
        EXPECT_THROW(co_await edo::try_join(h, h), std::logic_error);
    });
}
TEST_P(one_wait, of_a_join_set) {
    run([]() -> task<> {
        auto go = std::make_shared<edo::sync::notify>();
        edo::join_set<int> set;
        set.spawn(waits_for, go);
        EXPECT_THROW(co_await edo::try_join(set.join_next(), set.join_next()), std::logic_error);
        go->notify_one();
        const auto first = co_await set.join_next();
        EXPECT_EQ(first->value(), 7);
    });
}
TEST_P(one_wait, of_a_receiver) {
    run([]() -> task<> {
        auto [tx, rx] = edo::sync::mpsc<int>(1);
        EXPECT_THROW(co_await edo::try_join(rx.recv(), rx.recv()), std::logic_error);
        EXPECT_TRUE(co_await tx.send(1));
        EXPECT_EQ(co_await rx.recv(), 1);
        auto [one_tx, one_rx] = edo::sync::oneshot<int>();
        EXPECT_THROW(co_await edo::try_join(one_rx, one_rx), std::logic_error);
        EXPECT_THROW(co_await edo::try_join(one_tx.closed(), one_tx.closed()), std::logic_error);
        EXPECT_TRUE(std::move(one_tx).send(2));
        EXPECT_EQ(co_await one_rx, 2);
    });
}
TEST_P(one_wait, ends_with_a_close_by_the_receiver) {
    run([]() -> task<> {
        const auto close = [](auto& receiver) -> task<> {
            receiver.close();
            co_return;
        };
        auto [tx, rx] = edo::sync::mpsc<int>(1);
        const auto [none, closed] = co_await edo::join(rx.recv(), close(rx));
        EXPECT_FALSE(none);
        EXPECT_TRUE(tx.is_closed());
        auto [one_tx, one_rx] = edo::sync::oneshot<int>();
        const auto [nothing, closed_too] = co_await edo::join(one_rx, close(one_rx));
        EXPECT_FALSE(nothing);
        EXPECT_TRUE(one_tx.is_closed());
    });
}
TEST_P(one_wait, of_an_owned_form_is_its_last) {
    run([]() -> task<> {
        auto m = std::make_shared<edo::sync::mutex<int>>(1);
        auto locking = edo::sync::mutex<int>::lock_owned(m);
        { const auto guard = co_await locking; }
        EXPECT_THROW(static_cast<void>(co_await locking), std::logic_error);
        EXPECT_TRUE(m->try_lock());
        auto s = std::make_shared<edo::sync::semaphore>(1);
        auto acquiring = edo::sync::semaphore::acquire_owned(s);
        { const auto permit = co_await acquiring; }
        EXPECT_THROW(static_cast<void>(co_await acquiring), std::logic_error);
        EXPECT_EQ(s->available_permits(), 1U);
    });
}
TEST_P(one_wait, of_a_fork) {
    run([]() -> task<> {
        const auto value = [](int v) -> task<int> { co_return v; };
        auto fork = edo::fork_join(value(1), value(2));
        co_await std::move(fork);
        EXPECT_THROW(co_await std::move(fork), std::logic_error);
    });
}

TEST(watch_ref, may_be_the_last_owner_of_what_it_has_locked) {
    auto [tx, rx] = edo::sync::watch<int>(1);
    auto last = [] {
        auto [sender, receiver] = edo::sync::watch<int>(2);
        return receiver.borrow();
    }();
    EXPECT_EQ(*last, 2);
    last = rx.borrow();
    EXPECT_EQ(*last, 1);
}

}  // namespace
