// block_on of a runtime: its value, its thread, its errors, and the tasks beside it.
#include "support/runtime_fixture.hpp"

#include <edo/edo.hpp>
#include <edo/sync/notify.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <latch>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

namespace {

using namespace std::chrono_literals;
using flag = std::atomic<bool>;

class block_on : public edo::test::runtime_test {};
INSTANTIATE_TEST_SUITE_P(kinds, block_on, edo::test::all_kinds, edo::test::kind_name);

class block_on_multi_thread : public edo::test::runtime_test {};
INSTANTIATE_TEST_SUITE_P(kinds, block_on_multi_thread, edo::test::multi_thread_kinds,
                         edo::test::kind_name);

TEST_P(block_on, block_on_sync) {
    int local = 0;
    auto body = [&]() -> edo::task<int> {
        local = 1;
        co_return 2;
    };
    EXPECT_EQ(rt().block_on(body()), 2);
    EXPECT_EQ(local, 1);
}

TEST_P(block_on, block_on_async) {
    edo::sync::notify sent;
    std::atomic<int> value{0};
    std::thread sender([&] {
        value = 7;
        sent.notify_one();
    });
    auto body = [&]() -> edo::task<int> {
        co_await sent.notified();
        co_return value.load();
    };
    EXPECT_EQ(rt().block_on(body()), 7);
    sender.join();
}

TEST_P(block_on, gives_values_of_every_kind) {
    int local = 3;
    auto nothing = []() -> edo::task<> { co_return; };
    auto moved = []() -> edo::task<std::unique_ptr<int>> { co_return std::make_unique<int>(4); };
    auto reference = [&]() -> edo::task<int&> { co_return local; };
    rt().block_on(nothing());
    EXPECT_EQ(*rt().block_on(moved()), 4);
    auto copied = rt().block_on(reference());
    static_assert(std::is_same_v<decltype(copied), int>);
    EXPECT_EQ(copied, 3);
}

TEST_P(block_on, takes_any_awaitable_owned_or_borrowed) {
    auto handle = rt().spawn([]() -> edo::task<int> { co_return 5; });
    EXPECT_EQ(rt().block_on(handle), 5);
    EXPECT_THROW(rt().block_on(handle), std::logic_error) << "it was borrowed, and is consumed";
    EXPECT_EQ(rt().block_on(rt().spawn([]() -> edo::task<int> { co_return 6; })), 6);
    auto joined = rt().block_on(rt().spawn([]() -> edo::task<int> { co_return 8; }).join());
    EXPECT_EQ(joined.value(), 8);
    rt().block_on(edo::yield_now());
}

TEST_P(block_on, panic_in_block_on) {
    auto body = []() -> edo::task<int> {
        co_await edo::yield_now();
        throw std::runtime_error("boom");
    };
    try {
        rt().block_on(body());
        ADD_FAILURE() << "nothing was thrown";
    } catch (const std::runtime_error& e) { EXPECT_STREQ(e.what(), "boom"); }
    auto next = []() -> edo::task<int> { co_return 1; };
    EXPECT_EQ(rt().block_on(next()), 1) << "the runtime goes on";
}

TEST_P(block_on, nested_rt) {
    auto inner = []() -> edo::task<> { co_return; };
    auto body = [&]() -> edo::task<std::string> {
        try {
            rt().block_on(inner());
        } catch (const std::logic_error& e) { co_return e.what(); }
        co_return "";
    };
    EXPECT_NE(rt().block_on(body()).find("block_on inside a task"), std::string::npos);
}

TEST_P(block_on, inside_a_task_throws_for_every_runtime_and_every_way) {
    auto other = edo::runtime::current_thread().build();
    auto body = [](edo::runtime_handle own, edo::runtime_handle foreign) -> edo::task<int> {
        auto quick = []() -> edo::task<> { co_return; };
        int refused = 0;
        try {
            own.block_on(quick());
        } catch (const std::logic_error&) { ++refused; }
        try {
            foreign.block_on(quick());
        } catch (const std::logic_error&) { ++refused; }
        try {
            edo::block_on(quick());
        } catch (const std::logic_error&) { ++refused; }
        co_return refused;
    };
    auto handle = rt().spawn(body, rt().handle(), other.handle());
    EXPECT_EQ(rt().block_on(handle), 3);
}

TEST_P(block_on, a_refused_block_on_drops_its_future_unrun) {
    std::atomic<int> alive{0};
    bool ran = false;
    auto inner = [&](edo::test::counted) -> edo::task<> {
        ran = true;
        co_return;
    };
    auto body = [&]() -> edo::task<> {
        EXPECT_THROW(rt().block_on(inner(edo::test::counted(alive))), std::logic_error);
        EXPECT_EQ(alive, 0);
        co_return;
    };
    rt().block_on(body());
    EXPECT_FALSE(ran);
}

TEST_P(block_on, create_rt_in_block_on) {
    auto body = []() -> edo::task<edo::runtime> {
        co_return edo::runtime::current_thread().build();
    };
    auto made = rt().block_on(body());
    auto quick = []() -> edo::task<int> { co_return 9; };
    EXPECT_EQ(made.block_on(quick()), 9);
}

TEST_P(block_on, complete_block_on_under_load) {
    auto stop = std::make_shared<flag>(false);
    auto spinner = rt().spawn(
        [](std::shared_ptr<flag> end) -> edo::task<> {
            while (!*end) { co_await edo::yield_now(); }
        },
        stop);
    auto body = []() -> edo::task<int> {
        int turns = 0;
        for (; turns < 100; ++turns) { co_await edo::yield_now(); }
        co_return turns;
    };
    EXPECT_EQ(rt().block_on(body()), 100);
    *stop = true;
    rt().block_on(spinner);
}

TEST_P(block_on, the_root_stays_on_the_calling_thread) {
    auto body = []() -> edo::task<> {
        const auto here = std::this_thread::get_id();
        for (int i = 0; i < 200; ++i) {
            auto child = edo::spawn([]() -> edo::task<> { co_await edo::yield_now(); });
            co_await child;
            EXPECT_EQ(std::this_thread::get_id(), here);
        }
        EXPECT_FALSE(edo::this_task::try_id()) << "the future of block_on is no task";
    };
    rt().block_on(body());
}

TEST_P(block_on, sleep_at_root) {
    if (is_current_thread()) { use(std::move(edo::runtime::current_thread().start_paused(true))); }
    auto body = []() -> edo::task<std::chrono::nanoseconds> {
        const auto before = edo::clock::now();
        co_await edo::sleep_for(20ms);
        co_return edo::clock::now() - before;
    };
    EXPECT_GE(rt().block_on(body()), 20ms) << "timers are never early";
}

TEST_P(block_on, several_threads_may_block_on_one_runtime) {
    constexpr int threads = 4;
    std::atomic<int> done{0};
    edo::runtime& shared = rt();
    std::vector<std::thread> callers;
    for (int i = 0; i < threads; ++i) {
        callers.emplace_back([&] {
            auto body = [&]() -> edo::task<> {
                for (int n = 0; n < 50; ++n) {
                    auto child = edo::spawn([]() -> edo::task<int> {
                        co_await edo::yield_now();
                        co_return 1;
                    });
                    done += co_await child;
                }
            };
            shared.block_on(body());
        });
    }
    for (auto& caller : callers) { caller.join(); }
    EXPECT_EQ(done, threads * 50);
}

// Whichever block_on leaves first hands the timers over to the other one.
TEST_P(block_on, always_active_parker) {
    edo::runtime& shared = rt();
    edo::sync::notify first_may_leave;
    std::thread second([&] {
        auto body = [&]() -> edo::task<> {
            co_await edo::sleep_for(2ms);
            first_may_leave.notify_one();
            co_await edo::sleep_for(5ms);
        };
        shared.block_on(body());
    });
    auto body = [&]() -> edo::task<> { co_await first_may_leave.notified(); };
    shared.block_on(body());
    second.join();
}

// A self-wake is not missed by a root that another thread wakes as well.
TEST_P(block_on, wake_from_other_thread_block_on) {
    edo::runtime& shared = rt();
    edo::sync::notify ping;
    edo::sync::notify pong;
    constexpr int rounds = 200;
    std::thread other([&] {
        auto body = [&]() -> edo::task<> {
            for (int i = 0; i < rounds; ++i) {
                co_await ping.notified();
                pong.notify_one();
            }
        };
        shared.handle().block_on(body());
    });
    auto body = [&]() -> edo::task<> {
        for (int i = 0; i < rounds; ++i) {
            ping.notify_one();
            co_await pong.notified();
        }
    };
    shared.block_on(body());
    other.join();
}

TEST_P(block_on_multi_thread, a_lent_thread_runs_tasks_and_the_root_stays_on_it) {
    auto builder = edo::test::builder_of(GetParam());
    builder.lend_thread(true);
    use(std::move(builder));
    std::atomic<bool> seen{false};
    const auto here = std::this_thread::get_id();
    auto body = [&]() -> edo::task<> {
        while (!seen) {
            auto child = edo::spawn(
                []() -> edo::task<std::thread::id> { co_return std::this_thread::get_id(); });
            if (co_await child == here) { seen = true; }
            EXPECT_EQ(std::this_thread::get_id(), here);
        }
    };
    rt().block_on(body());
}

TEST_P(block_on_multi_thread, without_lending_no_task_runs_on_the_calling_thread) {
    auto body = []() -> edo::task<> {
        const auto here = std::this_thread::get_id();
        for (int i = 0; i < 200; ++i) {
            auto child = edo::spawn(
                []() -> edo::task<std::thread::id> { co_return std::this_thread::get_id(); });
            EXPECT_NE(co_await child, here);
        }
    };
    rt().block_on(body());
}

TEST_P(block_on_multi_thread, a_handle_never_lends) {
    auto builder = edo::test::builder_of(GetParam());
    builder.lend_thread(true);
    use(std::move(builder));
    auto body = []() -> edo::task<> {
        const auto here = std::this_thread::get_id();
        for (int i = 0; i < 100; ++i) {
            auto child = edo::spawn(
                []() -> edo::task<std::thread::id> { co_return std::this_thread::get_id(); });
            EXPECT_NE(co_await child, here);
        }
    };
    rt().handle().block_on(body());
}

// As many block_ons as there are places and more: those without a place do not lend.
TEST_P(block_on_multi_thread, more_lenders_than_places_all_end) {
    auto builder = edo::test::builder_of(GetParam());
    builder.lend_thread(true);
    use(std::move(builder));
    edo::runtime& shared = rt();
    constexpr int callers = 6;
    std::latch all_in(callers);
    std::vector<std::thread> threads;
    std::atomic<int> done{0};
    for (int i = 0; i < callers; ++i) {
        threads.emplace_back([&] {
            auto body = [&]() -> edo::task<> {
                all_in.count_down();
                while (!all_in.try_wait()) { co_await edo::yield_now(); }
                auto child = edo::spawn([]() -> edo::task<int> { co_return 1; });
                done += co_await child;
            };
            shared.block_on(body());
        });
    }
    for (auto& thread : threads) { thread.join(); }
    EXPECT_EQ(done, callers);
}

TEST(block_on_free, builds_a_runtime_and_gives_the_value) {
    auto body = []() -> edo::task<int> {
        auto child = edo::spawn([]() -> edo::task<int> { co_return 40; });
        const int value = co_await child;
        co_return value + 2;
    };
    EXPECT_EQ(edo::block_on(body()), 42);
}

TEST(block_on_free, rethrows) {
    auto body = []() -> edo::task<> {
        co_await edo::yield_now();
        throw std::out_of_range("far");
    };
    EXPECT_THROW(edo::block_on(body()), std::out_of_range);
}

}  // namespace
