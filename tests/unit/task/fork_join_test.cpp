// fork_join: children in parallel that borrow from their parent and end before it goes on.
#include "support/runtime_fixture.hpp"

#include <edo/edo.hpp>
#include <edo/sync/notify.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

namespace {

using namespace std::chrono_literals;
using edo::task;
using edo::sync::notify;
using counter = std::atomic<int>;

class fork_join : public edo::test::runtime_test {
protected:
    void run(task<> (*body)()) { rt().block_on(rt().spawn(body)); }
};
INSTANTIATE_TEST_SUITE_P(kinds, fork_join, edo::test::all_kinds, edo::test::kind_name);

/// Counts the living.
class living {
public:
    explicit living(counter& alive) : alive_(&alive) { ++*alive_; }
    living(const living&) = delete;
    living& operator=(const living&) = delete;
    ~living() { --*alive_; }

private:
    counter* alive_;
};

task<> forever(counter& alive) {
    const living me(alive);
    co_await edo::sleep_for(24h);
}
task<int> value(int v) { co_return v; }
task<int> value_after_a_yield(int v) {
    co_await edo::yield_now();
    co_return v;
}
task<long> fib(int n) {
    if (n < 2) { co_return n; }
    auto [a, b] = co_await edo::fork_join(fib(n - 1), fib(n - 2));
    co_return a + b;
}
/// Every level suspends on one side.
task<long> fib_with_yields(int n) {
    if (n % 3 == 0) { co_await edo::yield_now(); }
    if (n < 2) { co_return n; }
    auto [a, b] = co_await edo::fork_join(fib_with_yields(n - 1), fib_with_yields(n - 2));
    if (n % 4 == 1) { co_await edo::yield_now(); }
    co_return a + b;
}

TEST_P(fork_join, gives_the_results_by_position) {
    run([]() -> task<> {
        std::string owned = "borrowed";
        auto text = [](std::string& s) -> task<std::string&> { co_return s; };
        auto nothing = []() -> task<> { co_return; };
        auto [a, b, c, d] =
            co_await edo::fork_join(value(1), text(owned), nothing(), value_after_a_yield(4));
        EXPECT_EQ(a, 1);
        EXPECT_EQ(&b.get(), &owned);
        EXPECT_EQ(c, std::monostate());
        EXPECT_EQ(d, 4);
        auto one = co_await edo::fork_join(value(7));
        EXPECT_EQ(std::get<0>(one), 7);
        auto none = co_await edo::fork_join();
        EXPECT_EQ(none, std::tuple<>());
    });
}

TEST_P(fork_join, recursive) {
    run([]() -> task<> {
        const long found = co_await fib(18);
        EXPECT_EQ(found, 2584);
    });
}

TEST_P(fork_join, recursive_with_suspensions) {
    run([]() -> task<> {
        const long found = co_await fib_with_yields(15);
        EXPECT_EQ(found, 610);
    });
}

TEST_P(fork_join, in_block_on) {
    EXPECT_EQ(rt().block_on(fib(12)), 144);
    EXPECT_EQ(rt().block_on(fib_with_yields(10)), 55);
}

TEST_P(fork_join, from_a_thread_that_lends_itself) {
    auto builder = edo::test::builder_of(GetParam());
    builder.lend_thread(true);
    auto lending = builder.build();
    EXPECT_EQ(lending.block_on(fib(12)), 144);
    EXPECT_EQ(lending.block_on(fib_with_yields(10)), 55);
}

TEST_P(fork_join, in_a_local_task) {
    edo::local_set set;
    auto body = []() -> task<> {
        auto local = edo::spawn_local([]() -> task<long> {
            const auto mine = edo::make_rc<int>(1);
            auto [a, b] = co_await edo::fork_join(fib(8), fib_with_yields(8));
            co_return a + b** mine;
        });
        const long sum = co_await local;
        EXPECT_EQ(sum, 42);
    };
    set.block_on(rt(), body());
}

TEST_P(fork_join, both_are_under_way_at_once) {
    run([]() -> task<> {
        notify first, second;
        auto asks = [](notify& mine, notify& other) -> task<int> {
            mine.notify_one();
            co_await other.notified();
            co_return 1;
        };
        auto [a, b] = co_await edo::fork_join(asks(first, second), asks(second, first));
        EXPECT_EQ(a + b, 2);
    });
}

TEST(fork_join_parallel, two_children_block_two_threads) {
    auto rt = edo::runtime::multi_thread().worker_threads(2).build();
    auto body = []() -> task<> {
        std::atomic<int> here = 0;
        auto meets = [](std::atomic<int>& count) -> task<> {
            ++count;
            while (count != 2) { std::this_thread::yield(); }
            co_return;
        };
        co_await edo::fork_join(meets(here), meets(here));
        EXPECT_EQ(here, 2);
    };
    rt.block_on(rt.spawn(body));
}

TEST_P(fork_join, one_goes_deeper_than_the_stack) {
    run([]() -> task<> {
        struct deep {
            static task<int> down(int n) {
                if (n == 0) { co_return 0; }
                auto [a, b] = co_await edo::fork_join(down(n - 1), value(1));
                co_return a + b;
            }
        };
        const int depth = co_await deep::down(100'000);
        EXPECT_EQ(depth, 100'000);
    });
}

TEST_P(fork_join, an_exception_aborts_the_others_and_is_thrown_when_they_have_ended) {
    run([]() -> task<> {
        counter alive = 0;
        auto fails = []() -> task<int> {
            co_await edo::yield_now();
            throw std::runtime_error("child");
        };
        try {
            co_await edo::fork_join(forever(alive), fails(), forever(alive));
            ADD_FAILURE() << "nothing was thrown";
        } catch (const std::runtime_error& e) { EXPECT_STREQ(e.what(), "child"); }
        EXPECT_EQ(alive, 0);
    });
}

TEST_P(fork_join, an_exception_at_once_keeps_the_others_from_running) {
    auto rt = edo::runtime::current_thread().build();
    auto body = []() -> task<> {
        bool has_run = false;
        auto fails = []() -> task<> {
            throw std::logic_error("first");
            co_return;
        };
        auto runs = [](bool& ran) -> task<> {
            ran = true;
            co_return;
        };
        try {
            co_await edo::fork_join(fails(), runs(has_run));
            ADD_FAILURE() << "nothing was thrown";
        } catch (const std::logic_error& e) { EXPECT_STREQ(e.what(), "first"); }
        EXPECT_FALSE(has_run);
    };
    rt.block_on(rt.spawn(body));
}

TEST_P(fork_join, of_two_exceptions_one_is_thrown) {
    run([]() -> task<> {
        auto fails = [](std::string text) -> task<> {
            co_await edo::yield_now();
            throw std::runtime_error(text);
        };
        for (int i = 0; i < 100; ++i) {
            try {
                co_await edo::fork_join(fails("a"), fails("b"));
                ADD_FAILURE() << "nothing was thrown";
            } catch (const std::runtime_error& e) {
                EXPECT_TRUE(e.what() == std::string("a") || e.what() == std::string("b"));
            }
        }
    });
}

TEST_P(fork_join, an_abort_reaches_children_that_sleep) {
    auto alive = std::make_shared<counter>(0);
    auto parent = rt().spawn(
        [](std::shared_ptr<counter> count) -> task<> {
            auto inner = [](counter& c) -> task<> {
                co_await edo::fork_join(forever(c), forever(c));
            };
            co_await edo::fork_join(inner(*count), forever(*count));
        },
        alive);
    auto body = [&]() -> task<> {
        while (*alive != 3) { co_await edo::yield_now(); }
        parent.abort();
        auto ended = co_await parent.join();
        EXPECT_TRUE(!ended && ended.error().is_cancelled());
    };
    rt().block_on(body());
    EXPECT_EQ(*alive, 0);
}

TEST_P(fork_join, in_a_select_that_it_loses) {
    run([]() -> task<> {
        counter alive = 0;
        auto wins = [](counter& count) -> task<int> {
            while (count != 2) { co_await edo::yield_now(); }
            co_return 5;
        };
        auto won =
            co_await edo::select(edo::fork_join(forever(alive), forever(alive)), wins(alive));
        EXPECT_EQ(won.index(), 1U);
        EXPECT_EQ(alive, 0) << "they are gone before select returns";
    });
}

TEST_P(fork_join, a_runtime_that_ends_drops_the_children_before_the_parent) {
    counter alive = 0;
    {
        auto other = edo::test::builder_of(GetParam()).build();
        auto parent = other.spawn(edo::unchecked([&]() -> task<> {
            const living me(alive);
            co_await edo::fork_join(forever(alive), forever(alive));
        }));
        auto started = [&]() -> task<> {
            while (alive != 3) { co_await edo::yield_now(); }
        };
        other.block_on(started());
    }
    EXPECT_EQ(alive, 0);
}

TEST_P(fork_join, shutdown_inside_block_on_lets_the_children_end) {
    auto other = std::make_unique<edo::runtime>(edo::test::builder_of(GetParam()).build());
    auto body = [&]() -> task<int> {
        auto closes = [&]() -> task<int> {
            other->shutdown_background();
            co_await edo::yield_now();
            co_return 1;
        };
        auto [a, b] = co_await edo::fork_join(closes(), value_after_a_yield(2));
        co_return a + b;
    };
    EXPECT_EQ(other->block_on(body()), 3);
}

TEST_P(fork_join, children_have_the_identity_of_the_task) {
    auto body = []() -> task<> {
        struct seen {
            static task<bool> same(edo::task_id id, int depth) {
                if (depth == 0) { co_await edo::yield_now(); }
                const bool mine = edo::this_task::id() == id && edo::this_task::name() == "forks";
                if (depth == 0) { co_return mine; }
                auto [a, b] = co_await edo::fork_join(same(id, depth - 1), same(id, depth - 1));
                co_return mine&& a&& b;
            }
        };
        const bool all = co_await seen::same(edo::this_task::id(), 4);
        EXPECT_TRUE(all);
    };
    auto guard = rt().enter();
    auto named = edo::task_builder().name("forks").spawn(body);
    rt().block_on(std::move(named));
}

TEST_P(fork_join, children_see_the_task_locals) {
    static const edo::task_local<int> depth;
    run([]() -> task<> {
        struct seen {
            static task<int> sum() {
                co_await edo::yield_now();
                co_return depth.get();
            }
            static task<int> more() {
                auto [a, b] = co_await edo::fork_join(depth.scope(10, sum()), sum());
                co_return a + b;
            }
        };
        const int all = co_await depth.scope(1, seen::more());
        EXPECT_EQ(all, 11);
    });
}

TEST_P(fork_join, joins_and_timeouts_inside_of_children) {
    run([]() -> task<> {
        counter alive = 0;
        auto times_out = [](counter& count) -> task<bool> {
            auto over = co_await edo::timeout(1ms, forever(count));
            co_return !over;
        };
        auto joins = []() -> task<int> {
            auto [a, b] = co_await edo::join(value_after_a_yield(1), fib_with_yields(5));
            co_return a + static_cast<int>(b);
        };
        auto [late, sum] = co_await edo::fork_join(times_out(alive), joins());
        EXPECT_TRUE(late);
        EXPECT_EQ(sum, 6);
        EXPECT_EQ(alive, 0);
    });
}

TEST_P(fork_join, other_tasks_and_timers_are_not_starved) {
    run([]() -> task<> {
        auto over = std::make_shared<std::atomic<bool>>(false);
        auto timer = edo::spawn(
            [](std::shared_ptr<std::atomic<bool>> done) -> task<> {
                co_await edo::sleep_for(1ms);
                co_await edo::yield_now();
                *done = true;
            },
            over);
        struct endless {
            static task<int> until(std::atomic<bool>& done, int depth) {
                if (depth == 0 || done) { co_return 1; }
                auto [a, b] =
                    co_await edo::fork_join(until(done, depth - 1), until(done, depth - 1));
                co_return a + b;
            }
        };
        // Without the timer it would be two to the power of 60.
        const int leaves = co_await endless::until(*over, 60);
        EXPECT_GT(leaves, 0);
        co_await timer;
    });
}

/// Another task makes all forks unwind again and again: what is left of them has to end before more begins.
TEST_P(fork_join, a_tree_lies_in_memory_one_path_at_a_time) {
    run([]() -> task<> {
        struct tree {
            counter alive = 0, most = 0;
            std::atomic<bool> is_over = false;
            static task<int> grow(tree& t, int depth) {
                const living me(t.alive);
                for (int before = t.most; t.alive > before;) {
                    if (t.most.compare_exchange_weak(before, t.alive)) { break; }
                }
                if (depth == 0) { co_return 1; }
                auto [a, b] = co_await edo::fork_join(grow(t, depth - 1), grow(t, depth - 1));
                co_return a + b;
            }
        };
        auto t = std::make_shared<tree>();
        auto neighbour = edo::spawn(
            [](std::shared_ptr<tree> beside) -> task<> {
                while (!beside->is_over) { co_await edo::yield_now(); }
            },
            t);
        constexpr int depth = 15;
        const int leaves = co_await tree::grow(*t, depth);
        t->is_over = true;
        co_await neighbour;
        EXPECT_EQ(leaves, 1 << depth);
        EXPECT_EQ(t->alive, 0);
        constexpr int paths = 12;  // one for each worker, and what was left when it was interrupted
        EXPECT_LE(t->most, paths * depth);
    });
}

TEST_P(fork_join, an_abort_ends_forks_that_never_suspend) {
    auto begun = std::make_shared<std::atomic<bool>>(false);
    auto endless = rt().spawn(
        [](std::shared_ptr<std::atomic<bool>> on) -> task<> {
            struct tree {
                static task<int> grow(int depth) {
                    if (depth == 0) { co_return 1; }
                    auto [a, b] = co_await edo::fork_join(grow(depth - 1), grow(depth - 1));
                    co_return a + b;
                }
            };
            *on = true;
            co_await tree::grow(60);
        },
        begun);
    std::thread aborts([&] {
        while (!*begun) { std::this_thread::yield(); }
        endless.abort();
    });
    auto body = [&]() -> task<> {
        auto ended = co_await endless.join();
        EXPECT_TRUE(!ended && ended.error().is_cancelled());
    };
    rt().block_on(body());
    aborts.join();
}

TEST_P(fork_join, a_child_that_blocks_in_place) {
    if (GetParam().workers == 0) { GTEST_SKIP() << "block_in_place needs threads"; }
    run([]() -> task<> {
        auto blocks = []() -> task<int> {
            edo::block_in_place([] {});
            co_return 1;
        };
        for (int i = 0; i < 20; ++i) {
            auto [a, b, c] = co_await edo::fork_join(blocks(), value(2), value(4));
            EXPECT_EQ(a + b + c, 7);
        }
    });
}

TEST_P(fork_join, a_local_set_in_a_child_is_refused) {
    run([]() -> task<> {
        auto drives = []() -> task<> {
            edo::local_set set;
            co_await set.run_until([]() -> task<> { co_return; }());
        };
        auto nothing = []() -> task<> { co_return; };
        try {
            co_await edo::fork_join(drives(), nothing());
            ADD_FAILURE() << "nothing was thrown";
        } catch (const std::logic_error& e) {
            EXPECT_NE(std::string(e.what()).find("spawn a task"), std::string::npos);
        }
    });
}

/// Parameters die when their coroutine has ended, and may do then what needs a branch.
TEST_P(fork_join, a_parameter_that_sets_a_task_local_when_it_dies) {
    static edo::task_local<int> key;
    struct sets {
        explicit sets(counter& seen_by) : seen(&seen_by) {}
        sets(sets&& other) noexcept : seen(std::exchange(other.seen, nullptr)) {}
        sets& operator=(sets&&) = delete;
        ~sets() {
            if (seen != nullptr) {
                key.sync_scope(3, [this] { *seen += key.get(); });
            }
        }
        counter* seen;
    };
    run([]() -> task<> {
        counter sum = 0;
        auto child = [](sets) -> task<int> { co_return 1; };
        auto one = child(sets(sum)), two = child(sets(sum));
        auto [a, b] = co_await edo::fork_join(std::move(one), std::move(two));
        EXPECT_EQ(a + b, 2);
        EXPECT_EQ(sum, 6);
        auto three = child(sets(sum)), four = child(sets(sum));
        auto [c, d] = co_await edo::join(std::move(three), std::move(four));
        EXPECT_EQ(c + d, 2);
        EXPECT_EQ(sum, 12);
        auto five = child(sets(sum));
        EXPECT_TRUE((co_await edo::timeout(1h, std::move(five))).has_value());
        EXPECT_EQ(sum, 15);
    });
}

/// The parent's thread is kept busy until a thief has begun the second child.
TEST(fork_join_on_two_workers, an_abort_reaches_a_stolen_child_that_sleeps) {
    struct shared {
        std::atomic<bool> was_stolen{false};
        std::atomic<bool> is_over{false};
        counter alive{0};
        std::thread::id thief;
    };
    auto seen = std::make_shared<shared>();
    auto rt = edo::runtime::multi_thread().worker_threads(2).build();
    auto parent = rt.spawn(
        [](std::shared_ptr<shared> s) -> task<> {
            auto stays = [](shared& in) -> task<> {
                while (!in.was_stolen) { std::this_thread::yield(); }
                EXPECT_NE(in.thief, std::this_thread::get_id());
                in.is_over = true;
                co_return;
            };
            auto sleeps = [](shared& in) -> task<> {
                in.thief = std::this_thread::get_id();
                in.was_stolen = true;
                co_await forever(in.alive);
            };
            co_await edo::fork_join(stays(*s), sleeps(*s));
        },
        seen);
    while (!seen->is_over || seen->alive != 1) { std::this_thread::yield(); }
    parent.abort();
    auto ended = rt.block_on(parent.join());
    EXPECT_TRUE(!ended && ended.error().is_cancelled());
    EXPECT_EQ(seen->alive, 0);
}

}  // namespace
