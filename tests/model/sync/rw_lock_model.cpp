// Readers and writers: never together, in the order in which they came, also past one who is dropped.
#include "support/explorer.hpp"
#include "support/visitor.hpp"

#include <edo/sync/rw_lock.hpp>

#include <gtest/gtest.h>

#include <optional>
#include <utility>

namespace {

using edo::model::check;
using edo::model::explore;
using edo::model::finds;
using edo::model::holds;
using edo::model::thread;
using edo::model::tracked;
using edo::model::visitor;

using guarded = edo::sync::rw_lock<tracked>;

constexpr edo::model::limits some{.preemptions = 3};
constexpr edo::model::limits few{.preemptions = 2};
constexpr edo::model::limits rarely{.preemptions = 1};

void write(guarded& lock, int value) { lock.blocking_write()->write(value); }
int read(guarded& lock) { return lock.blocking_read()->read(); }

void a_reader_and_a_writer() {
    guarded lock;
    const thread writer([&] { write(lock, 1); });
    static_cast<void>(read(lock));
}
void two_writers() {
    guarded lock;
    const auto count = [&lock] {
        auto held = lock.blocking_write();
        held->write(held->read() + 1);
    };
    {
        const thread other(count);
        count();
    }
    check(read(lock) == 2, "a turn was lost");
}
void readers_and_a_writer() {
    guarded lock;
    const thread reader([&] { static_cast<void>(read(lock)); });
    const thread writer([&] { write(lock, 1); });
    static_cast<void>(read(lock));
}
// Both are in at once, or this never ends.
void two_readers_meet() {
    guarded lock;
    const auto held = lock.blocking_read();
    thread other([&] { static_cast<void>(read(lock)); });
    other.join();
}

TEST(rw_lock, is_held_by_one_writer_or_by_readers) {
    holds(a_reader_and_a_writer, some);
    holds(two_writers, some);
    holds(readers_and_a_writer, rarely);
    finds({"batch_semaphore::give_back"}, a_reader_and_a_writer, some);
    finds({"batch_semaphore::try_acquire"}, a_reader_and_a_writer, some);
    finds({"batch_semaphore::enqueue"}, two_writers, some);
}
TEST(rw_lock, lets_readers_meet) { holds(two_readers_meet, some); }

// --- a writer that waits

void a_writer_is_not_overtaken() {
    guarded lock;
    std::optional reader(lock.blocking_read());
    visitor cell;
    auto writer = lock.write();
    check(!cell.poll(writer), "it is held");
    check(!lock.try_read(), "a writer waits");
    const thread late([&] { check(read(lock) == 1, "a reader has overtaken the writer"); });
    reader.reset();
    check(writer.ready(), "the lock was not handed on");
    writer.await_resume()->write(1);
}
// The reader behind it comes in beside the one who holds the lock.
void a_waiting_writer_is_dropped() {
    guarded lock;
    const auto held = lock.blocking_read();
    visitor cell;
    std::optional writer(lock.write());
    check(!cell.poll(*writer), "it is held");
    const thread late([&] { static_cast<void>(read(lock)); });
    writer.reset();
}

TEST(rw_lock, prefers_the_writer_that_waits) { holds(a_writer_is_not_overtaken, some); }
TEST(rw_lock, lets_readers_in_when_the_writer_goes) { holds(a_waiting_writer_is_dropped, some); }

// --- drop while the lock is handed over

void a_writer_is_dropped_with_the_lock() {
    guarded lock;
    const thread reader([&] { static_cast<void>(read(lock)); });
    {
        visitor cell;
        auto leaf = lock.write();
        if (cell.poll(leaf)) { leaf.await_resume()->write(1); }
    }
    write(lock, 2);
}
void a_reader_is_dropped_with_the_lock() {
    guarded lock;
    const thread writer([&] { write(lock, 1); });
    {
        visitor cell;
        auto leaf = lock.read();
        if (cell.poll(leaf)) { static_cast<void>(leaf.await_resume()->read()); }
    }
    write(lock, 2);
}
// Others wait behind the dropped one.
void a_writer_is_dropped_before_others() {
    guarded lock;
    std::optional held(lock.blocking_write());
    visitor cell;
    std::optional dropped(lock.write());
    check(!cell.poll(*dropped), "it is held");
    const thread holder([&] {
        held->operator*().write(1);
        held.reset();
    });
    const thread reader([&] { check(read(lock) == 1, "the lock was not held"); });
    dropped.reset();
}
TEST(rw_lock, is_handed_on_by_one_who_is_dropped) {
    holds(a_writer_is_dropped_with_the_lock, few);
    holds(a_reader_is_dropped_with_the_lock, few);
    holds(a_writer_is_dropped_before_others, few);
}

// --- downgrade

void no_writer_comes_in_between() {
    guarded lock;
    const thread writer([&] { write(lock, 2); });
    auto alone = lock.blocking_write();
    alone->write(1);
    const auto beside = std::move(alone).downgrade();
    check(beside->read() == 1, "a writer came in between");
}
void readers_are_let_in() {
    guarded lock;
    auto alone = lock.blocking_write();
    thread reader([&] { check(read(lock) == 1, "the writer was not done"); });
    alone->write(1);
    const auto beside = std::move(alone).downgrade();
    reader.join();
}
void unlocks_and_locks_again() {
    guarded lock;
    const thread writer([&] { write(lock, 2); });
    auto alone = lock.blocking_write();
    alone->write(1);
    alone.unlock();
    check(read(lock) == 1, "a writer came in between");
}

TEST(rw_lock, goes_on_as_a_reader) {
    holds(no_writer_comes_in_between, some);
    holds(readers_are_let_in, some);
    EXPECT_NE(explore(unlocks_and_locks_again, some).failure, "");
}

}  // namespace
