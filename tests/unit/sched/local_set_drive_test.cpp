// Who drives a local_set: block_on, a task, several at once; and where it ends.
#include "support/runtime_fixture.hpp"

#include <edo/edo.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using counter = std::atomic<int>;
using thread_id = std::thread::id;

class local_set_drive : public edo::test::runtime_test {};
INSTANTIATE_TEST_SUITE_P(kinds, local_set_drive, edo::test::all_kinds, edo::test::kind_name);

class local_set_death : public testing::Test {
protected:
    local_set_death() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

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

// The driving task could be stolen by any of the four workers; driving the set keeps it.
TEST_P(local_set_drive, driven_by_a_spawned_task_it_stays_on_one_thread) {
    auto busy = std::make_shared<std::atomic<bool>>(true);
    std::vector<edo::join_handle<void>> load;
    for (int i = 0; i < 8; ++i) {
        load.push_back(rt().spawn(
            [](std::shared_ptr<std::atomic<bool>> on) -> edo::task<> {
                while (*on) { co_await edo::yield_now(); }
            },
            busy));
    }
    auto driver = rt().spawn([]() -> edo::task<> {
        edo::local_set set;
        auto inside = []() -> edo::task<> {
            const auto here = std::this_thread::get_id();
            for (int i = 0; i < 100; ++i) {
                auto local = edo::spawn_local([]() -> edo::task<thread_id> {
                    co_await edo::yield_now();
                    co_return std::this_thread::get_id();
                });
                EXPECT_EQ(co_await local, here);
                auto sent = edo::spawn(where);
                co_await sent;
                EXPECT_EQ(std::this_thread::get_id(), here);
            }
        };
        co_await set.run_until(inside);
    });
    rt().block_on(driver);
    *busy = false;
    for (auto& each : load) { rt().block_on(each); }
}

// A worker runs what is bound to it and the others by turns, and its timers between them.
TEST_P(local_set_drive, one_that_always_yields_leaves_the_worker_to_others) {
    rt().block_on(rt().spawn([]() -> edo::task<> {
        edo::local_set set;
        auto inside = []() -> edo::task<> {
            auto done = std::make_shared<counter>(0);
            auto other = edo::spawn(
                [](std::shared_ptr<counter> n) -> edo::task<> {
                    co_await edo::yield_now();
                    co_await edo::sleep_for(1ms);
                    ++*n;
                },
                done);
            while (*done == 0) { co_await edo::yield_now(); }
            co_await other;
        };
        co_await set.run_until(inside());
    }));
}

TEST_P(local_set_drive, a_driver_in_a_task_is_dropped_with_its_set_on_one_thread) {
    auto elsewhere = std::make_shared<counter>(0);
    auto driver = rt().spawn(
        [](std::shared_ptr<counter> n) -> edo::task<> {
            edo::local_set set;
            auto inside = [](std::shared_ptr<counter> m) -> edo::task<> {
                edo::spawn_local(
                    [](std::shared_ptr<counter> k) -> edo::task<> {
                        const stays_here state{std::move(k)};
                        co_await edo::sleep_for(1h);
                    },
                    m)
                    .detach();
                co_await edo::sleep_for(1h);
            };
            co_await set.run_until(inside(n));
        },
        elsewhere);
    rt().block_on(yield_some(10));
    driver.abort();
    auto result = rt().block_on(driver.join());
    EXPECT_FALSE(result.has_value());
    EXPECT_EQ(*elsewhere, 0);
}

TEST_P(local_set_drive, two_drivers_of_one_set) {
    edo::local_set set;
    const auto here = std::this_thread::get_id();
    auto ran = std::make_shared<counter>(0);
    auto first = [&]() -> edo::task<> {
        auto local = edo::spawn_local([]() -> edo::task<thread_id> {
            co_await edo::sleep_for(1ms);
            co_return std::this_thread::get_id();
        });
        EXPECT_EQ(co_await local, here);
        ++*ran;
    };
    auto outer = [&]() -> edo::task<> {
        // the inner driver waits, its set is driven by the outer one as well
        co_await set.run_until(first);
        ++*ran;
    };
    set.block_on(rt(), outer);
    EXPECT_EQ(*ran, 2);
}

TEST_P(local_set_drive, a_driver_that_leaves_hands_over_to_the_other_one) {
    edo::local_set set;
    auto value = edo::make_rc<int>(0);
    auto outer = [&]() -> edo::task<> {
        // A local task drives the set too, and leaves at once.
        auto local = edo::spawn_local(
            [](std::reference_wrapper<edo::local_set> same, edo::rc<int> n) -> edo::task<> {
                co_await same.get().run_until(give(1));
                ++*n;
            },
            edo::unchecked(std::ref(set)), value);
        auto late = edo::spawn_local(
            [](edo::rc<int> n) -> edo::task<> {
                co_await edo::sleep_for(1ms);
                ++*n;
            },
            value);
        co_await local;
        co_await late;
    };
    set.block_on(rt(), outer);
    EXPECT_EQ(*value, 2);
}

TEST_P(local_set_drive, tasks_left_over_go_on_in_the_next_drive) {
    edo::local_set set;
    auto handle = set.spawn_local([]() -> edo::task<int> {
        co_await yield_some(200);
        co_return 4;
    });
    EXPECT_EQ(set.block_on(rt(), give(1)), 1);
    EXPECT_FALSE(handle.is_finished());
    EXPECT_EQ(set.block_on(rt(), handle), 4);
}

TEST_P(local_set_drive, run_until_rethrows) {
    edo::local_set set;
    auto body = []() -> edo::task<> {
        co_await edo::yield_now();
        throw std::runtime_error("boom");
    };
    EXPECT_THROW(set.block_on(rt(), body), std::runtime_error);
    auto failing = set.spawn_local(body);
    EXPECT_THROW(set.block_on(rt(), failing), std::runtime_error);
}

TEST_P(local_set_drive, run_until_does_not_get_own_budget) {
    edo::local_set set;
    auto body = [&]() -> edo::task<> {
        for (int i = 0; i < 100; ++i) { co_await edo::consume_budget(); }
        auto inside = []() -> edo::task<int> {
            int steps = 0;
            while (edo::has_budget_remaining()) {
                co_await edo::consume_budget();
                ++steps;
            }
            co_return steps;
        };
        const int steps = co_await set.run_until(inside);
        EXPECT_LT(steps, 128) << "it shares the budget of the driving task";
    };
    rt().block_on(body());
}

/// Whether block_in_place is refused here, with the way out.
bool block_in_place_is_refused() {
    try {
        edo::block_in_place([] {});
    } catch (const std::logic_error& e) {
        return std::string(e.what()).find("use spawn_blocking") != std::string::npos;
    }
    return false;
}
/// Tries when it dies.
struct blocks_in_drop {
    std::shared_ptr<counter> refused;
    ~blocks_in_drop() {
        if (refused && block_in_place_is_refused()) { ++*refused; }
    }
};
edo::task<> pends_and_blocks_in_drop(std::shared_ptr<counter> refused) {
    const blocks_in_drop at_end{std::move(refused)};
    co_await edo::sleep_until(edo::clock::time_point::max());
}

TEST_P(local_set_drive, block_in_place_in_run_until) {
    edo::local_set set;
    auto body = []() -> edo::task<bool> { co_return block_in_place_is_refused(); };
    EXPECT_TRUE(set.block_on(rt(), body));
}

TEST_P(local_set_drive, block_in_place_in_spawn_local) {
    edo::local_set set;
    auto local =
        set.spawn_local([]() -> edo::task<bool> { co_return block_in_place_is_refused(); });
    rt().block_on(set);
    EXPECT_TRUE(rt().block_on(local));
}

TEST_P(local_set_drive, block_in_place_in_spawn_local_drop) {
    auto refused = std::make_shared<counter>(0);
    auto body = [&]() -> edo::task<> {
        edo::local_set set;
        set.spawn_local(pends_and_blocks_in_drop, refused).detach();
        auto aborted = set.spawn_local(pends_and_blocks_in_drop, refused);
        auto inside = [&]() -> edo::task<> {
            co_await yield_some(2);
            aborted.abort();
            auto result = co_await aborted.join();
            EXPECT_FALSE(result.has_value());
        };
        co_await set.run_until(inside);
        EXPECT_EQ(*refused, 1) << "dropped by an abort";
    };
    rt().block_on(body());
    EXPECT_EQ(*refused, 2) << "dropped with the set, inside of a task";
}

TEST_P(local_set_drive, localset_in_thread_local) {
    std::thread owner([] {
        thread_local edo::local_set kept;
        auto body = []() -> edo::task<> {
            edo::spawn_local([]() -> edo::task<> { co_await edo::sleep_for(1h); }).detach();
            co_await edo::yield_now();
        };
        auto own = edo::runtime::current_thread().build();
        kept.block_on(own, body);
    });
    owner.join();
}

TEST_P(local_set_drive, store_local_set_in_thread_local_with_runtime) {
    std::thread owner([] {
        struct both {
            edo::runtime rt = edo::test::builder_of(local_set_drive::GetParam()).build();
            edo::local_set set;
        };
        thread_local both kept;
        auto body = []() -> edo::task<> {
            edo::spawn_local([]() -> edo::task<> { co_await edo::sleep_for(1h); }).detach();
            co_await edo::yield_now();
        };
        kept.set.block_on(kept.rt, body);
    });
    owner.join();
}

TEST_P(local_set_drive, a_set_outlives_the_runtime_that_drove_it) {
    auto value = edo::make_rc<int>(1);
    edo::local_set set;
    auto body = [&]() -> edo::task<> {
        edo::spawn_local([](edo::rc<int>) -> edo::task<> { co_await edo::sleep_for(1h); }, value)
            .detach();
        co_await yield_some(2);
    };
    set.block_on(rt(), body);
    stop();
    EXPECT_EQ(value.use_count(), 2);
    auto other = edo::runtime::current_thread().build();
    EXPECT_EQ(set.block_on(other, give(2)), 2);
}

TEST_F(local_set_death, a_set_destroyed_on_another_thread) {
    const auto destroy = [] {
        auto rt = edo::runtime::current_thread().build();
        auto set = std::make_unique<edo::local_set>();
        auto body = []() -> edo::task<> { co_return; };
        set->block_on(rt, body);
        std::thread other([&] { set.reset(); });
        other.join();
    };
    EXPECT_DEATH(destroy(), "a local_set was destroyed on another thread");
}

TEST_F(local_set_death, a_set_driven_on_two_threads) {
    const auto drive = [] {
        auto rt = edo::runtime::multi_thread().worker_threads(1).build();
        edo::local_set set;
        set.block_on(rt, give(1));
        std::thread other([&] { set.block_on(rt, give(2)); });
        other.join();
    };
    EXPECT_DEATH(drive(), "a local_set was driven on two threads");
}

}  // namespace
