// What the basic operations cost: exact numbers of atomic read-modify-writes, locks and allocations.
// One thread runs everything, so that nothing else is counted: a current-thread runtime, and a
// multi-thread one with a single worker whose place is lent to block_on.
#include "support/runtime_fixture.hpp"

#include <edo/base/detail/atomic.hpp>
#include <edo/coro/detail/word_latch.hpp>

#include <array>
#include <cstdint>
#include <ostream>

namespace {

using edo::task;

struct cost {
    std::uint64_t rmw = 0;    ///< atomic read-modify-writes and store-load fences
    std::uint64_t locks = 0;  ///< acquired mutexes
    std::uint64_t pool = 0;   ///< blocks from the recycling allocator
    std::uint64_t heap = 0;   ///< blocks that it had to take from the heap
    bool operator==(const cost&) const = default;
    friend std::ostream& operator<<(std::ostream& out, const cost& c) {
        return out << c.rmw << " read-modify-writes, " << c.locks << " locks, " << c.pool
                   << " pool blocks, " << c.heap << " heap blocks";
    }
};

cost so_far() {
    const edo::detail::operation_counts& c = edo::detail::counts();
    return {c.rmw.load(), c.locks.load(), c.pool_allocs.load(), c.heap_allocs.load()};
}
/// What was done since it was made.
class meter {
public:
    [[nodiscard]] cost read() const {
        const cost now = so_far();
        return {now.rmw - start_.rmw, now.locks - start_.locks, now.pool - start_.pool,
                now.heap - start_.heap};
    }

private:
    cost start_ = so_far();
};

task<> nothing() { co_return; }

constexpr std::uint64_t batch = 3;

class count : public testing::TestWithParam<bool> {
protected:
    [[nodiscard]] static bool lent() { return GetParam(); }
    /// `on_current_thread`, or with what the LIFO slot and the ring of a worker add to it.
    static std::uint64_t either(std::uint64_t on_current_thread, std::uint64_t on_worker) {
        return lent() ? on_worker : on_current_thread;
    }
    /// Runs `body` as a task, after filling the caches of the allocator.
    void run(task<> (*body)()) {
        auto builder = lent() ? edo::runtime::multi_thread() : edo::runtime::current_thread();
        builder.worker_threads(1).lend_thread(true);
        // No look at the timers meanwhile, which takes a lock, nor at the injection queue.
        builder.event_interval(1'000'000).global_queue_interval(1'000'000);
        auto rt = builder.build();
        rt.block_on(rt.spawn([]() -> task<> {
            for (int i = 0; i < 100; ++i) {
                std::array<edo::join_handle<void>, 2 * batch> handles;
                for (auto& h : handles) { h = edo::spawn(&nothing); }
                for (auto& h : handles) { co_await h; }
            }
        }));
        rt.block_on(rt.spawn(body));
    }
};

TEST_P(count, spawn_run_join_and_drop) {
    run([]() -> task<> {
        co_await edo::yield_now();
        std::array<edo::join_handle<void>, batch> handles;
        const meter spawning;
        for (auto& h : handles) { h = edo::spawn(&nothing); }
        // A block for each cell. On a worker each task swaps itself into the LIFO slot (1), and from
        // the second on the one before goes to the ring and is announced (a fence).
        EXPECT_EQ(spawning.read(), (cost{either(0, 2 * batch - 1), 0, batch, 0}));

        const meter running;
        co_await edo::yield_now();
        // A block for each frame; the end is told to the join word by an exchange. On a worker the
        // newest is taken from the slot (1), the others and this task from the ring (1 each).
        EXPECT_EQ(running.read(), (cost{either(batch, batch + batch + 1), 0, batch, 0}));

        const meter joining;
        for (auto& h : handles) { co_await h; }
        EXPECT_EQ(joining.read(), cost{});  // one acquire load

        const meter dropping;
        for (auto& h : handles) { h.detach(); }
        EXPECT_EQ(dropping.read(), cost{});  // they were joined: the only reference goes
    });
}

TEST_P(count, spawn_and_await) {
    run([]() -> task<> {
        constexpr std::uint64_t times = 100;
        co_await edo::yield_now();
        const meter all;
        for (std::uint64_t i = 0; i < times; ++i) {
            auto h = edo::spawn(&nothing);
            co_await h;
        }
        // The child runs inside the await: nobody is woken. On a worker it goes into the LIFO slot
        // and out of it (2).
        EXPECT_EQ(all.read(), (cost{either(0, 2 * times), 0, 2 * times, 0}));
    });
}

TEST_P(count, yield) {
    run([]() -> task<> {
        constexpr std::uint64_t times = 100;
        co_await edo::yield_now();
        const meter all;
        for (std::uint64_t i = 0; i < times; ++i) { co_await edo::yield_now(); }
        // The task stays owned, so its word is not written. A worker's ring is left by a CAS.
        EXPECT_EQ(all.read(), (cost{either(0, times), 0, 0, 0}));
    });
}

task<int> child() { co_return 1; }

TEST_P(count, await_of_a_child) {
    run([]() -> task<> {
        static_cast<void>(co_await child());
        const meter all;
        static_cast<void>(co_await child());
        EXPECT_EQ(all.read(), (cost{0, 0, 1, 0}));  // its frame
    });
}

/// The simplest leaf: a latch that somebody fires.
class latch_leaf : public edo::detail::leaf<latch_leaf> {
public:
    explicit latch_leaf(edo::detail::word_latch& latch) noexcept : latch_(&latch) {}
    [[nodiscard]] bool ready() const noexcept { return latch_->is_done(); }
    bool arm(edo::detail::suspension& waiter) noexcept { return latch_->arm(waiter); }
    void await_resume() const noexcept {}

private:
    edo::detail::word_latch* latch_;
};

task<> waits(edo::detail::word_latch& latch, bool& woken) {
    co_await latch_leaf(latch);
    woken = true;
}

TEST_P(count, suspend_and_wake_of_a_leaf) {
    run([]() -> task<> {
        edo::detail::word_latch latch;
        bool woken = false;
        auto waiter = edo::spawn(edo::unchecked(waits(latch, woken)));
        const meter suspending;
        co_await edo::yield_now();
        // Arm and park (2). On a worker: out of the slot, and this task out of the ring (2).
        EXPECT_EQ(suspending.read(), (cost{either(2, 4), 0, 0, 0}));

        const meter waking;
        latch.fire().enqueue();
        // The latch's exchange and the claim (2). On a worker: into the slot (1).
        EXPECT_EQ(waking.read(), (cost{either(2, 3), 0, 0, 0}));

        co_await edo::yield_now();
        EXPECT_TRUE(woken);
        co_await waiter;
    });
}

INSTANTIATE_TEST_SUITE_P(count, count, testing::Bool(), [](const auto& chosen) {
    return chosen.param ? "lent_worker" : "current_thread";
});

}  // namespace
