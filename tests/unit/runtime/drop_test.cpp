// What destructors may do while their runtime ends, and who may wake tasks then.
#include "support/runtime_fixture.hpp"

#include <edo/edo.hpp>
#include <edo/sync/mpsc.hpp>
#include <edo/sync/notify.hpp>
#include <edo/sync/oneshot.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <latch>
#include <memory>
#include <optional>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using counter = std::atomic<int>;
using shared_counter = std::shared_ptr<counter>;
using edo::sync::notify;
using edo::sync::oneshot;
using edo::sync::oneshot_receiver;
using edo::sync::oneshot_sender;
using edo::test::counted;

class rt_drop : public edo::test::runtime_test {};
INSTANTIATE_TEST_SUITE_P(kinds, rt_drop, edo::test::all_kinds, edo::test::kind_name);

edo::task<> turns(int n) {
    for (int i = 0; i < n; ++i) { co_await edo::yield_now(); }
}

/// Waits until the tasks that were spawned so far have run and all workers sleep.
void until_all_suspended(edo::runtime& rt, const edo::test::runtime_kind& kind) {
    rt.block_on(turns(3));
    const auto metrics = rt.metrics();
    const std::size_t workers = metrics.num_workers();
    const auto runs_or_will = [&] {
        std::uint64_t polls = 0;
        for (std::size_t i = 0; i < workers; ++i) { polls += metrics.worker_poll_count(i); }
        bool is_awake = polls < metrics.spawned_tasks_count();
        for (std::size_t i = 0; i < workers; ++i) {
            is_awake |= metrics.worker_park_unpark_count(i) % 2 == 0;
        }
        return is_awake;
    };
    while (kind.workers != 0 && runs_or_will()) { std::this_thread::yield(); }
}

/// Waits for a message that never comes: it is woken by the drop of the sender at most.
edo::task<> resume_counted(oneshot_receiver<int> mine, oneshot_sender<int> theirs,
                           shared_counter resumed) {
    const auto kept = std::move(theirs);
    auto message = co_await mine;
    EXPECT_FALSE(message.has_value());
    ++*resumed;
}

TEST_P(rt_drop, drop_tasks_in_context) {
    struct looks_around {
        shared_counter found;
        ~looks_around() {
            if (edo::runtime_handle::try_current()) { ++*found; }
        }
    };
    const auto body = [](std::shared_ptr<looks_around>) -> edo::task<> {
        co_await edo::sleep_for(1h);
    };
    auto found = std::make_shared<counter>(0);
    rt().spawn(body, std::make_shared<looks_around>(found)).detach();
    rt().block_on(turns(3));
    rt().spawn(body, std::make_shared<looks_around>(found)).detach();  // perhaps never run
    stop();
    EXPECT_EQ(*found, 2);
}

// The third task is never woken; its drop wakes the second one, whose drop wakes the first one.
TEST_P(rt_drop, acquire_mutex_in_drop) {
    auto resumed = std::make_shared<counter>(0);
    auto [to_first, first] = oneshot<int>();
    auto [to_second, second] = oneshot<int>();
    auto [to_third, third] = oneshot<int>();
    auto [unused, nobody] = oneshot<int>();
    rt().spawn(&resume_counted, std::move(first), std::move(unused), resumed).detach();
    rt().spawn(&resume_counted, std::move(second), std::move(to_first), resumed).detach();
    rt().spawn(&resume_counted, std::move(third), std::move(to_second), resumed).detach();
    until_all_suspended(rt(), GetParam());
    stop();
    EXPECT_EQ(*resumed, 0);
    EXPECT_TRUE(to_third.is_closed());
    EXPECT_EQ(nobody.try_recv().error(), edo::sync::try_recv_error::closed);
}

TEST_P(rt_drop, wake_in_drop_after_panic) {
    auto resumed = std::make_shared<counter>(0);
    const auto run = [&] {
        auto own = edo::test::builder_of(GetParam()).build();
        auto [to_first, first] = oneshot<int>();
        auto [to_second, second] = oneshot<int>();
        own.spawn(&resume_counted, std::move(first), std::move(to_second), resumed).detach();
        own.spawn(&resume_counted, std::move(second), std::move(to_first), resumed).detach();
        until_all_suspended(own, GetParam());
        const auto fails = []() -> edo::task<> {
            co_await edo::yield_now();
            throw std::runtime_error("boom");
        };
        own.block_on(fails());
    };
    try {
        run();
        ADD_FAILURE() << "nothing was thrown";
    } catch (const std::runtime_error& e) { EXPECT_STREQ(e.what(), "boom"); }
    EXPECT_EQ(*resumed, 0);
}

// Each frame holds the handle that the other task awaits.
TEST_P(rt_drop, drop_tasks_with_reference_cycle) {
    counter alive{0};
    auto [tx, rx] = edo::sync::mpsc<edo::join_handle<void>>(1);
    auto first = rt().spawn(
        [](edo::sync::mpsc_receiver<edo::join_handle<void>> inbox, counted) -> edo::task<> {
            auto other = co_await inbox.recv();
            auto now = co_await edo::timeout(0ns, *other);
            EXPECT_FALSE(now.has_value());
            co_await *other;
        },
        std::move(rx), counted(alive));
    auto second =
        rt().spawn([](edo::join_handle<void> other, counted) -> edo::task<> { co_await other; },
                   std::move(first), counted(alive));
    EXPECT_TRUE(tx.try_send(std::move(second)).has_value());
    rt().block_on(turns(5));
    EXPECT_GE(alive, 2);
    stop();
    EXPECT_EQ(alive, 0);
}

TEST_P(rt_drop, shutdown_concurrent_spawn) {
    constexpr int tasks = EDO_TSAN || EDO_ASAN ? 1'000 : 10'000;
    for (int round = 0; round < 5; ++round) {
        counter alive{0};
        std::vector<oneshot_sender<int>> senders;
        auto own = std::make_unique<edo::runtime>(edo::test::builder_of(GetParam()).build());
        for (int i = 0; i < tasks; ++i) {
            auto [tx, rx] = oneshot<int>();
            senders.push_back(std::move(tx));
            own->spawn(
                   [](oneshot_receiver<int> message, counted) -> edo::task<> {
                       auto got = co_await message;
                       EXPECT_TRUE(got.has_value());
                   },
                   std::move(rx), counted(alive))
                .detach();
        }
        own->block_on(turns(1));
        std::latch begun(1);
        std::thread waker([&] {
            begun.count_down();
            for (auto& sender : senders) { static_cast<void>(sender.send(1)); }
        });
        begun.wait();
        own.reset();
        waker.join();
        EXPECT_EQ(alive, 0);
    }
}

/// Calls something when the thread-local objects of its thread are destroyed.
struct at_thread_exit {
    std::function<void()> call;
    ~at_thread_exit() {
        if (call) { call(); }
    }
    static at_thread_exit& of_this_thread() {
        thread_local at_thread_exit kept;
        return kept;
    }
};

/// Runs `first` on a new thread and `last` in the destructor of a thread-local object, made before
/// or after those of the library.
void on_a_thread(bool is_made_early, const std::function<void()>& first,
                 std::function<void()> last) {
    std::thread thread([&] {
        if (is_made_early) { static_cast<void>(at_thread_exit::of_this_thread()); }
        first();
        at_thread_exit::of_this_thread().call = std::move(last);
    });
    thread.join();
}

TEST_P(rt_drop, wake_from_thread_local_after_the_end) {
    for (const bool is_early : {false, true}) {
        auto resumed = std::make_shared<counter>(0);
        auto wake = std::make_shared<notify>();
        std::optional<edo::runtime_handle> handle;
        const auto first = [&] {
            auto own = edo::test::builder_of(GetParam()).build();
            handle = own.handle();
            own.spawn(
                   [](std::shared_ptr<notify> n, shared_counter woken) -> edo::task<> {
                       co_await n->notified();
                       ++*woken;
                   },
                   wake, resumed)
                .detach();
            until_all_suspended(own, GetParam());
        };
        const auto last = [&] {
            wake->notify_one();
            auto late = handle->spawn([]() -> edo::task<> { co_return; });
            EXPECT_TRUE(late.is_finished());
            handle.reset();
        };
        on_a_thread(is_early, first, last);
        EXPECT_EQ(*resumed, 0);
    }
}

TEST_P(rt_drop, wake_from_thread_local_reaches_a_runtime_that_lives) {
    for (const bool is_early : {false, true}) {
        auto wake = std::make_shared<notify>();
        auto woken = rt().spawn(
            [](std::shared_ptr<notify> n) -> edo::task<int> {
                co_await n->notified();
                co_return 1;
            },
            wake);
        edo::join_handle<int> spawned;
        const auto first = [&] {
            auto own = edo::runtime::current_thread().build();
            own.block_on(own.spawn([]() -> edo::task<> { co_return; }));
            rt().handle().block_on(turns(3));
        };
        const auto last = [&] {
            wake->notify_one();
            spawned = rt().spawn([]() -> edo::task<int> { co_return 2; });
        };
        on_a_thread(is_early, first, last);
        EXPECT_EQ(rt().block_on(woken), 1);
        EXPECT_EQ(rt().block_on(spawned), 2);
    }
}

}  // namespace
