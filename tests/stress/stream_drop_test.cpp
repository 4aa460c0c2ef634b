// The end of a stream, while what it waits for ends as well, or while who waits for the end is dropped.
#include <edo/edo.hpp>
#include <edo/sync/notify.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>

#include "support/race.hpp"
#include "support/runtime_fixture.hpp"

namespace {

namespace test = edo::test;
using edo::task;
using edo::task_scope;
using test::counted;

struct shared {
    edo::sync::notify opens;
    std::atomic<int> alive{0};
    std::atomic<bool> closes{false};
    std::atomic<bool> may_end{false};
};
using shared_ptr = std::shared_ptr<shared>;

/// Opens a scope on the way to its second item, whose child cannot be dropped before it may end.
edo::stream<int> has_a_child(shared_ptr s) {
    const counted me(s->alive);
    co_await s->opens.notified();
    co_await edo::scope([&](task_scope& in) -> task<> {
        in.spawn([&]() -> task<> {
              const counted child(s->alive);
              while (!s->may_end) { std::this_thread::yield(); }
              co_return;
          }).detach();
        co_return;
    });
    co_yield 2;
}

/// Drops a next() half-way, lets the generator go on to its scope, and closes it there.
task<> closes(shared_ptr s) {
    auto items = has_a_child(s);
    auto won = co_await edo::select_biased(items.next(), edo::yield_now());
    EXPECT_EQ(won.index(), 1U);
    s->opens.notify_one();
    while (s->alive != 2) { co_await edo::yield_now(); }
    s->closes = true;
    co_await items.close();
    EXPECT_EQ(s->alive, 0);
}

class stream_drop_stress : public test::leak_check {
protected:
    edo::runtime rt = edo::runtime::multi_thread().worker_threads(2).build();
    void SetUp() override { watch(rt); }
    void TearDown() override {
        { const edo::runtime ended = std::move(rt); }
        leak_check::TearDown();
    }
};

TEST_F(stream_drop_stress, close_against_its_drop) {
    test::opponent other;
    int round = 0;
    test::until_seen({"closed", "dropped"}, [&] {
        auto s = std::make_shared<shared>();
        auto handle = rt.spawn(closes, s);
        while (!s->closes) { std::this_thread::yield(); }
        const int late = 1 << ++round / 2 % 14;
        const bool is_abort_late = round % 2 == 0;
        other.race(
            [&] {
                if (is_abort_late) { test::delay(late); }
                handle.abort();
            },
            [&] {
                if (!is_abort_late) { test::delay(late); }
                s->may_end = true;
            });
        const auto ended = rt.block_on(handle.join());
        EXPECT_EQ(s->alive, 0) << "the generator ends in any case";
        return ended ? "closed" : "dropped";
    });
}

}  // namespace
