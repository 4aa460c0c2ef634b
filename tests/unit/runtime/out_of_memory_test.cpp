// std::bad_alloc at every allocation, one after the other: each is an error like others, leaks nothing,
// and the same works again afterwards.
// The sanitizers bring an operator new of their own, which cannot be replaced.
#include <edo/base/config.hpp>
#if !EDO_TSAN && !EDO_ASAN
#include <edo/coro/detail/pool.hpp>
#include <edo/edo.hpp>
#include <edo/sync/mpmc.hpp>
#include <edo/sync/mpsc.hpp>
#include <edo/sync/mutex.hpp>
#include <edo/sync/notify.hpp>
#include <edo/sync/oneshot.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace {

/// Blocks that are alive, over all threads.
std::atomic<long> blocks{0};
/// How many allocations, over all threads, go well before one fails; negative: none fails.
std::atomic<int> good_ones{-1};
std::atomic<bool> has_failed{false};

bool must_fail() noexcept {
    int left = good_ones;
    while (left >= 0 && !good_ones.compare_exchange_weak(left, left - 1)) {}
    return left == 0;
}

}  // namespace

// GCC inlines these and then sees new meet free, which here is how they are made.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif
void* operator new(std::size_t size) {
    if (must_fail()) {
        has_failed = true;
        throw std::bad_alloc();
    }
    void* block = std::malloc(size == 0 ? 1 : size);
    if (block == nullptr) { throw std::bad_alloc(); }
    ++blocks;
    return block;
}
void operator delete(void* block) noexcept {
    if (block != nullptr) { --blocks; }
    std::free(block);
}
void operator delete(void* block, std::size_t) noexcept { operator delete(block); }

namespace {

using namespace std::chrono_literals;
using edo::task;
namespace sync = edo::sync;

/// Longer than what a string keeps in itself.
const std::string text(64, 'x');

/// Runs `work` with every one of its allocations failing in turn. It may throw std::bad_alloc, and
/// returns what it computed otherwise; also after a failure, if it can do without that allocation.
void fail_each_allocation_of(const std::function<std::size_t()>& work,
                             bool can_do_without = false) {
    const std::size_t expected = work();  // what is made once for a thread is there now
    int failures = 0;
    for (;; ++failures) {
        ASSERT_LT(failures, 10'000) << "does it end?";
        edo::detail::pool_trim();
        const long before = blocks;
        has_failed = false;
        good_ones = failures;
        std::optional<std::size_t> result;
        bool thrown = false;
        try {
            result = work();
        } catch (const std::bad_alloc&) { thrown = true; }
        good_ones = -1;
        edo::detail::pool_trim();
        EXPECT_EQ(blocks, before) << "allocation " << failures << " failed, and something is lost";
        if (!can_do_without || thrown) {
            EXPECT_EQ(thrown, has_failed) << "allocation " << failures;
        }
        if (result) { EXPECT_EQ(*result, expected) << "allocation " << failures; }
        if (!has_failed) { break; }
    }
    EXPECT_GT(failures, 0) << "nothing was allocated";
}

/// A current-thread runtime does everything on this thread, so every allocation is met.
template <class F>
void on_one_thread(F body) {
    auto rt = edo::runtime::current_thread().build();
    auto others = []() -> task<> {
        for (int i = 0; i < 5; ++i) { co_await edo::yield_now(); }
    };
    fail_each_allocation_of([&] {
        const auto result = [&]() -> std::optional<std::size_t> {
            try {
                return rt.block_on(body());
            } catch (const std::bad_alloc&) { return std::nullopt; }
        }();
        rt.block_on(others());  // tasks that the body left aborted or detached end here
        return result ? *result : throw std::bad_alloc();
    });
}

task<std::size_t> length(std::string s) { co_return s.size(); }

TEST(out_of_memory, building_a_current_thread_runtime) {
    fail_each_allocation_of([] {
        auto rt = edo::runtime::current_thread().thread_name(text).build();
        return std::size_t{1};
    });
}

/// On other threads as well. The runtime is new each time, since its threads keep memory for later. If a
/// further thread of the blocking pool cannot be started, those that are there do its work.
TEST(out_of_memory, building_a_multi_thread_runtime_and_its_threads_work) {
    const auto work = [] {
        auto rt = edo::runtime::multi_thread().worker_threads(2).thread_name(text).build();
        return rt.block_on(rt.spawn([]() -> task<std::size_t> {
            edo::join_set<std::size_t> set;
            for (int i = 0; i < 3; ++i) {
                set.spawn(
                    [](std::string s) -> task<std::size_t> {
                        auto closure =
                            edo::spawn_blocking([](std::string t) { return t.size(); }, s);
                        const std::size_t n = co_await closure;
                        auto other = edo::spawn(length, s);
                        co_await edo::sleep_for(1ns);
                        const std::size_t m = co_await other;
                        co_return n + m;
                    },
                    text);
            }
            std::size_t sum = 0;
            const auto all = co_await set.join_all();
            for (const std::size_t n : all) { sum += n; }
            co_return sum;
        }));
    };
    fail_each_allocation_of(work, true);
}

TEST(out_of_memory, a_child_that_is_awaited) {
    on_one_thread([]() -> task<std::size_t> {
        const std::size_t n = co_await length(text);
        co_return n;
    });
}

TEST(out_of_memory, spawn_and_await) {
    on_one_thread([]() -> task<std::size_t> {
        auto handle = edo::spawn(length, text);
        const std::size_t n = co_await handle;
        co_return n;
    });
}

TEST(out_of_memory, spawn_of_a_task_with_a_name) {
    on_one_thread([]() -> task<std::size_t> {
        auto handle = edo::task_builder().name(text).spawn(length, text);
        const std::size_t n = co_await handle;
        co_return n + edo::this_task::name().size();
    });
}

TEST(out_of_memory, spawn_of_a_coroutine) {
    on_one_thread([]() -> task<std::size_t> {
        auto handle = edo::spawn(length(text));
        const std::size_t n = co_await handle;
        co_return n;
    });
}

TEST(out_of_memory, join_set) {
    on_one_thread([]() -> task<std::size_t> {
        edo::join_set<std::size_t> set;
        for (int i = 0; i < 3; ++i) { set.spawn(length, text); }
        std::size_t sum = 0;
        const auto all = co_await set.join_all();
        for (const std::size_t n : all) { sum += n; }
        co_return sum;
    });
}

/// A vector that cannot grow leaves the values in the channel.
template <class Channel>
void receive_many(Channel make) {
    fail_each_allocation_of([make] {
        auto [tx, rx] = make();
        std::vector<std::string> all;
        std::size_t sent = 0;
        try {
            for (; sent < 5; ++sent) { EXPECT_TRUE(tx.try_send(text).has_value()); }
            rx.blocking_recv_many(all, 5);
        } catch (const std::bad_alloc&) {
            std::size_t left = 0;
            while (rx.try_recv()) { ++left; }
            EXPECT_EQ(all.size() + left, sent);
            throw;
        }
        return all.size();
    });
}

TEST(out_of_memory, recv_many) {
    receive_many([] { return sync::mpsc<std::string>(8); });
    receive_many([] { return sync::mpmc<std::string>(8); });
}

TEST(out_of_memory, local_set) {
    on_one_thread([]() -> task<std::size_t> {
        edo::local_set set;
        auto body = []() -> task<std::size_t> {
            auto shared = edo::make_rc<std::size_t>(text.size());
            auto handle = edo::spawn_local(
                [](edo::rc<std::size_t> n) -> task<std::size_t> { co_return *n; }, shared);
            const std::size_t n = co_await handle;
            co_return n;
        };
        const std::size_t n = co_await set.run_until(body);
        co_return n;
    });
}

TEST(out_of_memory, timeout_and_sleep) {
    on_one_thread([]() -> task<std::size_t> {
        co_await edo::sleep_for(1ns);
        const auto early = co_await edo::timeout(1h, length(text));
        auto slow = []() -> task<std::size_t> {
            co_await edo::sleep_for(1h);
            co_return 0;
        };
        const auto late = co_await edo::timeout(1ns, slow());
        co_return *early + (late.has_value() ? 1 : 0);
    });
}

TEST(out_of_memory, channels) {
    on_one_thread([]() -> task<std::size_t> {
        auto [once, value] = sync::oneshot<std::string>();
        static_cast<void>(once.send(text));
        const auto first = co_await value;
        auto [tx, rx] = sync::mpsc<std::string>(2);
        static_cast<void>(co_await tx.send(text));
        const auto second = co_await rx.recv();
        co_return first->size() + second->size();
    });
}

/// Calls `send`, and once more if it fails. Whether it failed.
template <class Send>
bool at_last(const Send& send) {
    try {
        send();
        return false;
    } catch (const std::bad_alloc&) {
        send();
        return true;
    }
}
/// Sends more than a block of the queue has room for, and expects to receive that.
template <class Make, class Send>
void grow_queue(const Make& make, const Send& send_one) {
    constexpr std::size_t values = 100;
    fail_each_allocation_of([&] {
        auto [tx, rx] = make(values);
        bool failed = false;
        for (std::size_t i = 0; i < values; ++i) { failed |= send_one(tx); }
        EXPECT_EQ(rx.len(), values);
        for (std::size_t i = 0; i < values; ++i) { EXPECT_EQ(rx.try_recv(), text); }
        EXPECT_TRUE(rx.empty());
        return failed ? throw std::bad_alloc() : values;
    });
}
const auto bounded = [](std::size_t values) { return sync::mpsc<std::string>(values); };

TEST(out_of_memory, an_unbounded_queue_grows) {
    grow_queue([](std::size_t) { return sync::mpsc_unbounded<std::string>(); },
               [](auto& tx) { return at_last([&] { EXPECT_TRUE(tx.send(text)); }); });
}
TEST(out_of_memory, a_bounded_queue_grows) {
    grow_queue(bounded, [](auto& tx) { return at_last([&] { EXPECT_TRUE(tx.try_send(text)); }); });
    grow_queue(bounded,
               [](auto& tx) { return at_last([&] { EXPECT_TRUE(tx.blocking_send(text)); }); });
}
TEST(out_of_memory, a_permit_stays_if_the_queue_cannot_grow) {
    grow_queue(bounded, [](auto& tx) {
        auto permit = tx.try_reserve().value();
        return at_last([&] { permit.send(text); });
    });
    grow_queue(bounded, [](auto& tx) {
        auto permits = tx.try_reserve_many(1).value();
        return at_last([&] { permits.send(text); });
    });
}

TEST(out_of_memory, waiting_for_a_lock_and_a_notification) {
    on_one_thread([]() -> task<std::size_t> {
        auto lock = std::make_shared<sync::mutex<std::size_t>>(0U);
        auto wake = std::make_shared<sync::notify>();
        auto body = [](std::shared_ptr<sync::mutex<std::size_t>> m,
                       std::shared_ptr<sync::notify> n) -> task<> {
            co_await n->notified();
            auto guard = co_await m->lock();
            *guard += text.size();
        };
        edo::join_set<void> both;  // whose end aborts what still waits
        for (int i = 0; i < 2; ++i) { both.spawn(body, lock, wake); }
        co_await edo::yield_now();
        wake->notify_one();
        wake->notify_one();
        co_await both.join_all();
        auto guard = co_await lock->lock();
        co_return *guard;
    });
}

TEST(out_of_memory, spawn_blocking) {
    auto rt = edo::runtime::current_thread().build();
    fail_each_allocation_of([&] {
        auto body = []() -> task<std::size_t> {
            auto closure = edo::spawn_blocking([](std::string s) { return s.size(); }, text);
            const std::size_t n = co_await closure;
            co_return n;
        };
        return rt.block_on(body());
    });
}

}  // namespace
#endif
