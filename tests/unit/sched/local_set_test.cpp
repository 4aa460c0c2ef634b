// local_set: tasks that stay on the thread which drives them.
#include "support/runtime_fixture.hpp"

#include <edo/edo.hpp>
#include <edo/sync/notify.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <latch>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using counter = std::atomic<int>;
using edo::sync::notify;
using edo::test::counted;
using thread_id = std::thread::id;

class local_set : public edo::test::runtime_test {};
INSTANTIATE_TEST_SUITE_P(kinds, local_set, edo::test::all_kinds, edo::test::kind_name);

edo::task<int> give(int value) { co_return value; }
edo::task<thread_id> where() { co_return std::this_thread::get_id(); }
edo::task<> yield_some(int n) {
    for (int i = 0; i < n; ++i) { co_await edo::yield_now(); }
}
/// Counts its living copies on the thread that made it, and notes destruction elsewhere.
struct stays_here {
    std::shared_ptr<counter> elsewhere;
    thread_id made_on = std::this_thread::get_id();
    ~stays_here() {
        if (elsewhere && std::this_thread::get_id() != made_on) { ++*elsewhere; }
    }
};

TEST_P(local_set, local_current_thread_scheduler) {
    edo::local_set set;
    auto body = []() -> edo::task<int> {
        auto value = edo::make_rc<int>(1);
        auto task = edo::spawn_local(
            [](edo::rc<int> shared) -> edo::task<int> {
                co_await edo::yield_now();
                co_return ++*shared;
            },
            value);
        co_return co_await task;
    };
    EXPECT_EQ(set.block_on(rt(), body), 2);
}

TEST_P(local_set, local_threadpool) {
    edo::local_set set;
    const auto here = std::this_thread::get_id();
    auto body = [&]() -> edo::task<> {
        EXPECT_EQ(std::this_thread::get_id(), here);
        for (int i = 0; i < 20; ++i) {
            auto local = edo::spawn_local(where);
            EXPECT_EQ(co_await local, here);
            auto sent = edo::spawn(where);
            co_await sent;
            EXPECT_EQ(std::this_thread::get_id(), here);
        }
    };
    set.block_on(rt(), body);
}

TEST_P(local_set, localset_future_threadpool) {
    edo::local_set set;
    counter ran{0};
    for (int i = 0; i < 3; ++i) {
        set.spawn_local(
               [](std::reference_wrapper<counter> n) -> edo::task<> {
                   ++n.get();
                   co_return;
               },
               edo::unchecked(std::ref(ran)))
            .detach();
    }
    EXPECT_EQ(ran, 0);
    rt().block_on(set);
    EXPECT_EQ(ran, 3);
}

TEST_P(local_set, localset_future_drives_all_local_futs) {
    edo::local_set set;
    auto ran = std::make_shared<counter>(0);
    set.spawn_local(
           [](std::shared_ptr<counter> n) -> edo::task<> {
               edo::spawn_local(
                   [](std::shared_ptr<counter> m) -> edo::task<> {
                       co_await edo::yield_now();
                       ++*m;
                   },
                   n)
                   .detach();
               co_await edo::yield_now();
               ++*n;
           },
           ran)
        .detach();
    rt().block_on(set);
    EXPECT_EQ(*ran, 2);
}

TEST_P(local_set, awaiting_an_empty_set_completes) {
    edo::local_set set;
    rt().block_on(set);
    rt().block_on(set);
    EXPECT_EQ(set.block_on(rt(), give(1)), 1);
}

TEST_P(local_set, local_threadpool_timer) {
    edo::local_set set;
    auto body = []() -> edo::task<> {
        auto local = edo::spawn_local([]() -> edo::task<> {
            const auto here = std::this_thread::get_id();
            co_await edo::sleep_for(1ms);
            EXPECT_EQ(std::this_thread::get_id(), here);
        });
        co_await local;
    };
    set.block_on(rt(), body);
}

TEST_P(local_set, localset_future_timers) {
    edo::local_set set;
    auto ran = std::make_shared<counter>(0);
    for (const auto d : {1ms, 2ms}) {
        set.spawn_local(
               [](std::chrono::milliseconds pause, std::shared_ptr<counter> n) -> edo::task<> {
                   co_await edo::sleep_for(pause);
                   ++*n;
               },
               d, ran)
            .detach();
    }
    rt().block_on(set);
    EXPECT_EQ(*ran, 2);
}

TEST_P(local_set, enter_guard_spawn) {
    edo::local_set set;
    edo::join_handle<int> handle;
    {
        auto guard = set.enter();
        handle = edo::spawn_local(give(5));
    }
    EXPECT_THROW(static_cast<void>(edo::spawn_local(give(6))), edo::no_local_set_error);
    EXPECT_EQ(set.block_on(rt(), handle), 5);
}

TEST_P(local_set, guards_of_two_sets_nest) {
    edo::local_set first;
    edo::local_set second;
    edo::join_handle<int> a;
    edo::join_handle<int> b;
    {
        auto outer = first.enter();
        {
            auto inner = second.enter();
            b = edo::spawn_local(give(2));
        }
        a = edo::spawn_local(give(1));
    }
    rt().block_on(second);
    EXPECT_TRUE(b.is_finished());
    EXPECT_FALSE(a.is_finished());
    EXPECT_EQ(first.block_on(rt(), a), 1);
}

TEST(local_set_outside, the_error_names_the_line_and_the_ways_out) {
    std::string text;
    try {
        edo::spawn_local(give(1)).detach();
    } catch (const edo::no_local_set_error& e) { text = e.what(); }
    EXPECT_NE(text.find("local_set_test.cpp:"), std::string::npos) << text;
    EXPECT_NE(text.find("outside of a local_set"), std::string::npos) << text;
    EXPECT_NE(text.find("local_set::run_until"), std::string::npos) << text;
}

TEST_P(local_set, an_ordinary_task_spawned_from_a_set_is_outside_of_it) {
    edo::local_set set;
    auto body = []() -> edo::task<> {
        auto sent = edo::spawn([]() -> edo::task<bool> {
            try {
                edo::spawn_local(give(1)).detach();
            } catch (const edo::no_local_set_error&) { co_return true; }
            co_return false;
        });
        EXPECT_TRUE(co_await sent);
    };
    set.block_on(rt(), body);
}

TEST_P(local_set, local_threadpool_blocking_run) {
    edo::local_set set;
    auto body = []() -> edo::task<> {
        auto local = edo::spawn_local([]() -> edo::task<> {
            const auto here = std::this_thread::get_id();
            auto closure = edo::spawn_blocking([] { return std::this_thread::get_id(); });
            EXPECT_NE(co_await closure, here);
            EXPECT_EQ(std::this_thread::get_id(), here);
        });
        co_await local;
    };
    set.block_on(rt(), body);
}

edo::task<int> nest(int depth, thread_id on) {
    EXPECT_EQ(std::this_thread::get_id(), on);
    if (depth == 0) { co_return 0; }
    auto inner = edo::spawn_local(edo::unchecked(nest), depth - 1, edo::unchecked(on));
    const int below = co_await inner;
    co_return below + 1;
}

TEST_P(local_set, all_spawns_are_local) {
    edo::local_set set;
    auto body = []() -> edo::task<> {
        const auto here = std::this_thread::get_id();
        std::vector<edo::join_handle<thread_id>> handles;
        for (int i = 0; i < 128; ++i) { handles.push_back(edo::spawn_local(where)); }
        for (auto& each : handles) { EXPECT_EQ(co_await each, here); }
    };
    set.block_on(rt(), body);
}

// Each ends with a wake of its parent, from inside the set.
TEST_P(local_set, local_tasks_wake_join_all) {
    edo::local_set set;
    std::vector<edo::join_handle<int>> handles;
    for (int i = 0; i < 128; ++i) {
        handles.push_back(set.spawn_local(
            [](int n) -> edo::task<int> {
                auto child = edo::spawn_local(give(n));
                co_return co_await child;
            },
            i));
    }
    auto join_all = [&]() -> edo::task<int> {
        int sum = 0;
        for (auto& each : handles) {
            const int value = co_await each;
            sum += value;
        }
        co_return sum;
    };
    EXPECT_EQ(set.block_on(rt(), join_all), 127 * 64);
}

TEST_P(local_set, nested_spawn_is_local) {
    edo::local_set set;
    EXPECT_EQ(set.block_on(rt(), nest(4, std::this_thread::get_id())), 4);
}

TEST_P(local_set, join_local_future_elsewhere) {
    edo::local_set set;
    auto body = []() -> edo::task<int> {
        const auto here = std::this_thread::get_id();
        auto local = edo::spawn_local(
            [](thread_id on) -> edo::task<int> {
                co_await edo::yield_now();
                EXPECT_EQ(std::this_thread::get_id(), on);
                co_return 12;
            },
            edo::unchecked(here));
        auto elsewhere =
            edo::spawn([](edo::join_handle<int> h) -> edo::task<int> { co_return co_await h; },
                       std::move(local));
        co_return co_await elsewhere;
    };
    EXPECT_EQ(set.block_on(rt(), body), 12);
}

TEST_P(local_set, drop_cancels_tasks) {
    auto value = edo::make_rc<int>(1);
    {
        edo::local_set set;
        auto body = [&]() -> edo::task<> {
            edo::spawn_local([](edo::rc<int>) -> edo::task<> { co_await edo::sleep_for(1h); },
                             value)
                .detach();
            co_await yield_some(3);
        };
        set.block_on(rt(), body);
        edo::abort_handle never_run =
            set.spawn_local([](edo::rc<int>) -> edo::task<> { co_return; }, value).abort_handle();
        EXPECT_EQ(value.use_count(), 3);
    }
    EXPECT_EQ(value.use_count(), 1);
}

TEST_P(local_set, drop_cancels_remote_tasks) {
    auto wake = std::make_shared<notify>();
    std::optional<edo::local_set> set(std::in_place);
    auto body = [&]() -> edo::task<> {
        edo::spawn_local(
            [](std::shared_ptr<notify> n) -> edo::task<> {
                co_await n->notified();
                ADD_FAILURE() << "nobody drives the set";
            },
            wake)
            .detach();
        co_await yield_some(3);
    };
    set->block_on(rt(), body);
    std::thread other([&] { wake->notify_one(); });
    other.join();
    set.reset();
}

TEST_P(local_set, acquire_mutex_in_drop) {
    struct wakes {
        std::shared_ptr<notify> target;
        ~wakes() { target->notify_one(); }
    };
    auto first = std::make_shared<notify>();
    auto second = std::make_shared<notify>();
    std::optional<edo::local_set> set(std::in_place);
    auto task = [](std::shared_ptr<notify> mine, std::shared_ptr<notify> theirs) -> edo::task<> {
        const wakes at_end(std::move(theirs));
        co_await mine->notified();
        ADD_FAILURE() << "the set is gone";
    };
    auto body = [&]() -> edo::task<> {
        edo::spawn_local(task, first, second).detach();
        edo::spawn_local(task, second, first).detach();
        co_await yield_some(3);
    };
    set->block_on(rt(), body);
    set.reset();
}

// An ordinary task wakes them all in one turn, while nothing else makes the set look at its tasks.
TEST_P(local_set, local_tasks_are_polled_after_tick) {
    static constexpr int tasks = 500;
    edo::local_set set;
    auto body = []() -> edo::task<> {
        auto waiting = std::make_shared<counter>(0);
        auto go = std::make_shared<notify>();
        auto all_ran = std::make_shared<notify>();
        for (int i = 0; i < tasks; ++i) {
            edo::spawn_local(
                [](std::shared_ptr<counter> n, std::shared_ptr<notify> begin,
                   std::shared_ptr<notify> end) -> edo::task<> {
                    auto begun = begin->notified();
                    ++*n;
                    co_await begun;
                    if (--*n == 0) { end->notify_one(); }
                },
                waiting, go, all_ran)
                .detach();
        }
        while (*waiting < tasks) { co_await edo::yield_now(); }
        auto waker = edo::spawn(
            [](std::shared_ptr<notify> n) -> edo::task<> {
                n->notify_waiters();
                co_return;
            },
            go);
        co_await all_ran->notified();
        co_await waker;
        EXPECT_EQ(*waiting, 0);
    };
    set.block_on(rt(), body);
}

TEST_P(local_set, a_spawn_inside_of_run_until_runs) {
    edo::local_set set;
    auto body = [&]() -> edo::task<int> {
        auto handle = set.spawn_local(give(3));
        co_return co_await handle;
    };
    EXPECT_EQ(set.block_on(rt(), body), 3);
}

// run_until has parked; an ordinary task on the same thread adds to the set. Nothing but that spawn
// can wake it.
TEST(local_set_on_one_thread, spawn_wakes_localset) {
    auto rt = edo::runtime::current_thread().build();
    edo::local_set set;
    auto ran = std::make_shared<notify>();
    auto other = rt.spawn(
        [](std::reference_wrapper<edo::local_set> parked,
           std::shared_ptr<notify> done) -> edo::task<> {
            co_await yield_some(10);
            parked.get()
                .spawn_local(
                    [](std::shared_ptr<notify> n) -> edo::task<> {
                        n->notify_one();
                        co_return;
                    },
                    done)
                .detach();
        },
        edo::unchecked(std::ref(set)), ran);
    auto body = [&]() -> edo::task<> { co_await ran->notified(); };
    set.block_on(rt, body);
    EXPECT_TRUE(other.is_finished());
}

TEST_P(local_set, sleep_with_local_enter_guard) {
    edo::local_set set;
    const auto guard = set.enter();
    auto body = []() -> edo::task<> {
        auto done = std::make_shared<notify>();
        edo::spawn_local(
            [](std::shared_ptr<notify> n) -> edo::task<> {
                co_await edo::sleep_for(0ns);
                n->notify_one();
            },
            done)
            .detach();
        co_await done->notified();
    };
    set.block_on(rt(), body);
}

TEST_P(local_set, wakes_from_other_threads_reach_it) {
    edo::local_set set;
    auto ping = std::make_shared<notify>();
    auto pong = std::make_shared<notify>();
    constexpr int rounds = 200;
    std::thread other([&] {
        auto partner = edo::runtime::current_thread().build();
        auto answer = [&]() -> edo::task<> {
            for (int i = 0; i < rounds; ++i) {
                co_await ping->notified();
                pong->notify_one();
            }
        };
        partner.block_on(answer());
    });
    auto body = [&]() -> edo::task<> {
        auto local = edo::spawn_local(
            [](std::shared_ptr<notify> out, std::shared_ptr<notify> in) -> edo::task<> {
                const auto here = std::this_thread::get_id();
                for (int i = 0; i < rounds; ++i) {
                    out->notify_one();
                    co_await in->notified();
                    EXPECT_EQ(std::this_thread::get_id(), here);
                }
            },
            ping, pong);
        co_await local;
    };
    set.block_on(rt(), body);
    other.join();
}

TEST_P(local_set, remote_abort_local_set_3929) {
    auto elsewhere = std::make_shared<counter>(0);
    edo::local_set set;
    auto body = [&]() -> edo::task<> {
        for (int i = 0; i < 20; ++i) {
            auto local = edo::spawn_local(
                [](std::shared_ptr<counter> n) -> edo::task<> {
                    const stays_here state{std::move(n)};
                    co_await edo::sleep_for(1h);
                },
                elsewhere);
            co_await yield_some(2);
            std::thread aborter([abort = local.abort_handle()] { abort.abort(); });
            auto result = co_await local.join();
            EXPECT_FALSE(result.has_value());
            aborter.join();
        }
    };
    set.block_on(rt(), body);
    EXPECT_EQ(*elsewhere, 0);
}

}  // namespace
