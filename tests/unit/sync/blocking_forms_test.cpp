// Plain threads wait for what tasks wait for, in the same queues.
#include <edo/edo.hpp>
#include <edo/sync/condition_variable.hpp>
#include <edo/sync/mpmc.hpp>
#include <edo/sync/mpsc.hpp>
#include <edo/sync/mutex.hpp>
#include <edo/sync/notify.hpp>
#include <edo/sync/once_cell.hpp>
#include <edo/sync/rw_lock.hpp>
#include <edo/sync/semaphore.hpp>
#include <edo/sync/watch.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <thread>
#include <utility>

#include "support/poll.hpp"
#include "support/runtime_fixture.hpp"

namespace {

namespace sync = edo::sync;
namespace test = edo::test;
using edo::task;

class blocking_forms : public test::leak_check {};

TEST_F(blocking_forms, notify) {
    sync::notify ping, pong;
    std::thread other([&] {
        for (int i = 0; i < 100; ++i) {
            ping.blocking_notified();
            pong.notify_one();
        }
    });
    for (int i = 0; i < 100; ++i) {
        ping.notify_one();
        pong.blocking_notified();
    }
    other.join();
}

TEST_F(blocking_forms, condition_variable) {
    sync::mutex<int> m(0);
    sync::condition_variable changed;
    std::thread other([&] {
        for (int i = 0; i < 100; ++i) {
            auto held = m.blocking_lock();
            changed.blocking_wait(held, [&] { return *held % 2 == 1; });
            ++*held;
            changed.notify_all();
        }
    });
    for (int i = 0; i < 100; ++i) {
        auto held = m.blocking_lock();
        ++*held;
        changed.notify_one();
        while (*held % 2 == 1) { changed.blocking_wait(held); }
    }
    other.join();
    auto held = m.blocking_lock();
    EXPECT_EQ(*held, 200);
    held.unlock();
    EXPECT_THROW(changed.blocking_wait(held), std::logic_error);
}

TEST_F(blocking_forms, condition_variable_beside_a_task) {
    struct guarded {
        sync::mutex<int> m{0};
        sync::condition_variable changed;
    };
    const auto both = std::make_shared<guarded>();
    edo::runtime rt = edo::runtime::current_thread().build();
    auto waits = rt.spawn(
        [](std::shared_ptr<guarded> of) -> task<int> {
            auto held = co_await of->m.lock();
            co_await of->changed.wait(held);
            co_return *held;
        },
        both);
    rt.block_on(edo::yield_now());  // it waits now
    std::thread other([both] {
        auto held = both->m.blocking_lock();
        ++*held;
        both->changed.notify_one();  // for the task, which came first
        both->changed.blocking_wait(held);
        EXPECT_EQ(*held, 2);
    });
    EXPECT_EQ(rt.block_on(std::move(waits)), 1);
    ++*both->m.blocking_lock();  // the thread waits now: it has let go of the lock
    both->changed.notify_one();
    other.join();
}

TEST_F(blocking_forms, once_cell) {
    sync::once_cell<int> cell;
    std::thread other([&] { EXPECT_EQ(cell.blocking_wait(), 7); });
    EXPECT_TRUE(cell.set(7).has_value());
    other.join();
    EXPECT_EQ(cell.blocking_wait(), 7);
}

TEST_F(blocking_forms, watch) {
    auto [tx, rx] = sync::watch<int>(0);
    std::thread other([mine = rx]() mutable {
        const auto found = mine.blocking_wait_for([](int value) { return value >= 3; });
        ASSERT_TRUE(found.has_value());
        EXPECT_EQ(**found, 3);
    });
    EXPECT_TRUE(tx.send(1).has_value());
    EXPECT_TRUE(rx.blocking_changed().has_value());
    EXPECT_EQ(*rx.borrow(), 1);
    EXPECT_TRUE(tx.send(3).has_value());
    other.join();
    EXPECT_TRUE(rx.blocking_changed().has_value());
    { const auto gone = std::move(tx); }
    EXPECT_FALSE(rx.blocking_changed().has_value());
    EXPECT_FALSE(rx.blocking_wait_for([](int value) { return value == 9; }).has_value());
    EXPECT_TRUE(rx.blocking_wait_for([](int value) { return value == 3; }).has_value());
}

TEST_F(blocking_forms, reservations) {
    auto many = sync::mpsc<int>(1);
    many.first.blocking_reserve()->send(1);
    std::thread first([tx = many.first] { tx.blocking_reserve()->send(2); });
    EXPECT_EQ(many.second.blocking_recv(), 1);
    EXPECT_EQ(many.second.blocking_recv(), 2);
    first.join();
    many.second.close();
    EXPECT_FALSE(many.first.blocking_reserve().has_value());

    auto all = sync::mpmc<int>(1);
    all.first.blocking_reserve()->send(1);
    std::thread second([tx = all.first] { tx.blocking_reserve()->send(2); });
    EXPECT_EQ(all.second.blocking_recv(), 1);
    EXPECT_EQ(all.second.blocking_recv(), 2);
    second.join();
    all.second.close();
    EXPECT_FALSE(all.first.blocking_reserve().has_value());
}

TEST_F(blocking_forms, owned) {
    auto permits = std::make_shared<sync::semaphore>(2);
    {
        const auto held = sync::semaphore::blocking_acquire_owned(permits, 2);
        ASSERT_TRUE(held.has_value());
        EXPECT_EQ(permits->available_permits(), 0U);
    }
    EXPECT_EQ(permits->available_permits(), 2U);
    auto lock = std::make_shared<sync::rw_lock<int>>(0);
    ++*sync::rw_lock<int>::blocking_write_owned(lock);
    EXPECT_EQ(*sync::rw_lock<int>::blocking_read_owned(lock), 1);
}

TEST_F(blocking_forms, refused_in_a_task) {
    edo::runtime rt = edo::runtime::current_thread().build();
    rt.block_on(rt.spawn([]() -> task<> {
        sync::notify n;
        n.notify_one();
        EXPECT_THROW(n.blocking_notified(), std::logic_error);
        auto [out, in] = sync::watch<int>(0);
        EXPECT_THROW(static_cast<void>(in.blocking_changed()), std::logic_error);
        sync::once_cell<int> cell(1);
        EXPECT_THROW(static_cast<void>(cell.blocking_wait()), std::logic_error);
        sync::mutex<int> m(0);
        sync::condition_variable never;
        auto held = co_await m.lock();
        EXPECT_THROW(never.blocking_wait(held), std::logic_error);
        EXPECT_TRUE(held.owns_lock());
        auto [tx, rx] = sync::mpsc<int>(1);
        EXPECT_THROW(static_cast<void>(tx.blocking_reserve()), std::logic_error);
        EXPECT_EQ(*in.borrow(), 0);
    }));
}

}  // namespace
