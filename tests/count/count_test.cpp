// What the basic operations cost: exact numbers of atomic read-modify-writes, locks and allocations.
// One thread runs everything, so that nothing else is counted: a current-thread runtime, and a
// multi-thread one with a single worker whose place is lent to block_on.
#include "support/runtime_fixture.hpp"

#include <edo/base/detail/asymmetric_fence.hpp>
#include <edo/base/detail/atomic.hpp>
#include <edo/coro/detail/word_latch.hpp>
#include <edo/sync/barrier.hpp>
#include <edo/sync/condition_variable.hpp>
#include <edo/sync/event.hpp>
#include <edo/sync/latch.hpp>
#include <edo/sync/mpsc.hpp>
#include <edo/sync/mutex.hpp>
#include <edo/sync/notify.hpp>
#include <edo/sync/once_cell.hpp>
#include <edo/sync/rw_lock.hpp>
#include <edo/sync/semaphore.hpp>
#include <edo/task/for_each_concurrent.hpp>

#include <array>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <ostream>
#include <ranges>
#include <utility>

namespace {

std::atomic<std::uint64_t> blocks{0};

/// Every block, whoever asks for it.
void* counted_block(std::size_t size, std::size_t alignment) {
    blocks.fetch_add(1, std::memory_order_relaxed);
    void* block = std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
    if (block == nullptr) { throw std::bad_alloc(); }
    return block;
}

}  // namespace

void* operator new(std::size_t size) {
    return counted_block(size, __STDCPP_DEFAULT_NEW_ALIGNMENT__);
}
void* operator new(std::size_t size, std::align_val_t alignment) {
    return counted_block(size, static_cast<std::size_t>(alignment));
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    try {
        return counted_block(size, __STDCPP_DEFAULT_NEW_ALIGNMENT__);
    } catch (const std::bad_alloc&) { return nullptr; }
}
void operator delete(void* block) noexcept { std::free(block); }
void operator delete(void* block, std::size_t) noexcept { std::free(block); }
void operator delete(void* block, std::align_val_t) noexcept { std::free(block); }
void operator delete(void* block, std::size_t, std::align_val_t) noexcept { std::free(block); }

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
        // A block for each cell. On a worker each task but the first, which finds the LIFO slot empty, swaps
        // itself into it (1), and the one before goes to the ring and is announced (a fence).
        EXPECT_EQ(spawning.read(), (cost{either(0, 2 * (batch - 1)), 0, batch, 0}));

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
        // The child runs inside the await: nobody is woken. On a worker it is taken out of the slot (1).
        EXPECT_EQ(all.read(), (cost{either(0, times), 0, 2 * times, 0}));
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
        // The latch's exchange and the claim; the slot is empty.
        EXPECT_EQ(waking.read(), (cost{2, 0, 0, 0}));

        co_await edo::yield_now();
        EXPECT_TRUE(woken);
        co_await waiter;
    });
}

/// A full tree of forks: 2^depth leaves.
task<long> tree(int depth) {
    if (depth == 0) { co_return 1; }
    auto [a, b] = co_await edo::fork_join(tree(depth - 1), tree(depth - 1));
    co_return a + b;
}

/// What is allocated, the blocks from the allocator included.
class allocations {
public:
    [[nodiscard]] std::uint64_t read() const { return blocks.load() - start_; }

private:
    std::uint64_t start_ = blocks.load();
};

TEST_P(count, fork_join) {
    run([]() -> task<> {
        constexpr std::uint64_t times = 100;
        const allocations first_taken;
        static_cast<void>(co_await edo::fork_join(child(), child()));
        EXPECT_NE(first_taken.read(), 0U) << "for the task and for the worker's deque";
        const meter all;
        const allocations blocks_taken;
        for (std::uint64_t i = 0; i < times; ++i) {
            static_cast<void>(co_await edo::fork_join(child(), child()));
        }
        EXPECT_EQ(blocks_taken.read(), 0U);
        // The frames. The last child in the deque is taken by a CAS, since a thief may want it, too; where
        // the kernel has no membarrier there is a fence in the offer and in each pop.
        const std::uint64_t fences = edo::detail::has_membarrier ? 0 : 2;
        EXPECT_EQ(all.read(), (cost{(1 + fences) * times, 0, 2 * times, 0}));
    });
}

TEST_P(count, tree_of_forks) {
    if (!edo::detail::has_membarrier) { GTEST_SKIP() << "every fork has fences"; }
    run([]() -> task<> {
        constexpr int depth = 10;
        constexpr std::uint64_t frames = 2 * (1 << depth) - 1;
        for (int i = 0; i < 3; ++i) { static_cast<void>(co_await tree(depth)); }
        const meter all;
        const allocations blocks_taken;
        const long leaves = co_await tree(depth);
        EXPECT_EQ(blocks_taken.read(), 0U);
        EXPECT_EQ(leaves, 1 << depth);
        // Nobody else wants the children: only those that are alone in the deque, one a level, cost a CAS.
        EXPECT_EQ(all.read(), (cost{depth, 0, frames, 0}));
    });
}

TEST_P(count, for_each_concurrent) {
    run([]() -> task<> {
        static constexpr auto blocks_for = [](int elements) -> task<std::uint64_t> {
            const meter all;
            co_await edo::for_each_concurrent(std::views::iota(0, elements), 2,
                                              [](int) -> task<> { co_return; });
            co_return all.read().pool;
        };
        static_cast<void>(co_await blocks_for(100));
        const std::uint64_t few = co_await blocks_for(100);
        const allocations taken;
        const std::uint64_t many = co_await blocks_for(300);
        EXPECT_EQ(taken.read(), 0U);
        EXPECT_EQ(many - few, 200U) << "the frame of each element";
    });
}

TEST(count_sync, a_send_into_a_channel_with_room_takes_no_lock) {
    auto [tx, rx] = edo::sync::mpsc<int>(100);
    const meter all;
    for (int i = 0; i < 100; ++i) { EXPECT_TRUE(tx.try_send(i)); }
    EXPECT_EQ(all.read().locks, 0U);
}

TEST(count_sync, a_channel_without_values_is_one_block) {
    const allocations made;
    const auto bounded = edo::sync::mpsc<int>(100);
    EXPECT_EQ(made.read(), 1U);
    const auto unbounded = edo::sync::mpsc_unbounded<int>();
    EXPECT_EQ(made.read(), 2U);
}

TEST(count_sync, a_primitive_holds_no_memory) {
    const auto one = [](auto make) {
        const meter all;
        const allocations made;
        make();
        EXPECT_EQ(made.read(), 0U);
        EXPECT_EQ(all.read().pool, 0U);
    };
    one([] { [[maybe_unused]] const edo::sync::mutex<int> x(1); });
    one([] { [[maybe_unused]] const edo::sync::rw_lock<int> x(1); });
    one([] { [[maybe_unused]] const edo::sync::semaphore x(1); });
    one([] { [[maybe_unused]] const edo::sync::notify x; });
    one([] { [[maybe_unused]] const edo::sync::event x; });
    one([] { [[maybe_unused]] const edo::sync::latch x(1); });
    one([] { [[maybe_unused]] const edo::sync::barrier x(1); });
    one([] { [[maybe_unused]] const edo::sync::condition_variable x; });
    one([] { [[maybe_unused]] const edo::sync::set_once<int> x; });
    one([] { [[maybe_unused]] const edo::sync::once_cell<int> x; });
}

TEST_P(count, uncontended_mutex) {
    run([]() -> task<> {
        edo::sync::mutex<int> m(1);
        const meter locking;
        auto held = co_await m.lock();
        EXPECT_EQ(locking.read(), (cost{1, 0, 0, 0}));
        const meter unlocking;
        { const auto gone = std::move(held); }
        EXPECT_EQ(unlocking.read(), (cost{1, 0, 0, 0}));
    });
}

TEST_P(count, uncontended_rw_lock) {
    run([]() -> task<> {
        edo::sync::rw_lock<int> m(1);
        const meter reading;
        auto shared = co_await m.read();
        EXPECT_EQ(reading.read(), (cost{1, 0, 0, 0}));
        const meter read_over;
        { const auto gone = std::move(shared); }
        EXPECT_EQ(read_over.read(), (cost{1, 0, 0, 0}));
        const meter writing;
        auto alone = co_await m.write();
        EXPECT_EQ(writing.read(), (cost{1, 0, 0, 0}));
        const meter written;
        { const auto gone = std::move(alone); }
        EXPECT_EQ(written.read(), (cost{1, 0, 0, 0}));
    });
}

TEST_P(count, free_permits_of_a_semaphore) {
    run([]() -> task<> {
        edo::sync::semaphore s(2);
        const meter acquiring;
        auto permit = co_await s.acquire();
        EXPECT_EQ(acquiring.read(), (cost{1, 0, 0, 0}));
        const meter releasing;
        { const auto gone = std::move(permit); }
        EXPECT_EQ(releasing.read(), (cost{1, 0, 0, 0}));
    });
}

TEST_P(count, groups_of_what_is_ready) {
    run([]() -> task<> {
        edo::sync::semaphore first(100), second(100);
        // The first one: memory for the task.
        { [[maybe_unused]] auto both = co_await edo::join(first.acquire(), second.acquire()); }
        const meter joining;
        const allocations joined;
        { [[maybe_unused]] auto both = co_await edo::join(first.acquire(), second.acquire()); }
        EXPECT_EQ(joined.read(), 0U);
        // An RMW for each permit that comes and goes.
        EXPECT_EQ(joining.read(), (cost{4, 0, 0, 0}));
        const meter selecting;
        const allocations selected;
        { [[maybe_unused]] auto won = co_await edo::select(first.acquire(), second.acquire()); }
        EXPECT_EQ(selected.read(), 0U);
        EXPECT_EQ(selecting.read(), (cost{2, 0, 0, 0}));
    });
}

INSTANTIATE_TEST_SUITE_P(count, count, testing::Bool(), [](const auto& chosen) {
    return chosen.param ? "lent_worker" : "current_thread";
});

}  // namespace
