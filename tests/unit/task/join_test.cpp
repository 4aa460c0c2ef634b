// Several branches in one task: join, try_join, and their forms for ranges.
#include "support/runtime_fixture.hpp"

#include <edo/edo.hpp>
#include <edo/sync/mutex.hpp>
#include <edo/sync/notify.hpp>
#include <edo/sync/semaphore.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <expected>
#include <memory>
#include <ranges>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

namespace {

using namespace std::chrono_literals;
using edo::task;
using edo::sync::notify;
using edo::test::counted;
using log = std::vector<std::string>;

class join : public edo::test::runtime_test {
protected:
    void run(task<> (*body)()) { rt().block_on(rt().spawn(body)); }
};
INSTANTIATE_TEST_SUITE_P(kinds, join, edo::test::all_kinds, edo::test::kind_name);
class try_join : public join {};
INSTANTIATE_TEST_SUITE_P(kinds, try_join, edo::test::all_kinds, edo::test::kind_name);

task<int> give(int value) { co_return value; }
task<int> yield_then(int value) {
    co_await edo::yield_now();
    co_return value;
}
task<> nothing() { co_return; }
task<int&> refer(int& value) {
    co_await edo::yield_now();
    co_return value;
}
task<int> raise(std::string text, int yields = 0) {
    for (int i = 0; i < yields; ++i) { co_await edo::yield_now(); }
    throw std::runtime_error(text);
}
task<std::unique_ptr<int>> only_movable(int value) {
    co_await edo::yield_now();
    co_return std::make_unique<int>(value);
}
task<> forever() { co_await edo::sleep_for(24h); }
/// Notes its end; `what` is also noted when it is dropped.
task<> noting(log& noted, std::string what, int yields) {
    struct guard {
        guard(log& l, std::string t) : noted(l), text(std::move(t)) {}
        guard(const guard&) = delete;
        guard& operator=(const guard&) = delete;
        ~guard() { noted.push_back(text); }
        log& noted;
        std::string text;
    };
    const guard g(noted, what);
    for (int i = 0; i < yields; ++i) { co_await edo::yield_now(); }
}

TEST_P(join, of_nothing_completes_at_once) {
    run([]() -> task<> {
        std::tuple<> none = co_await edo::join();
        static_cast<void>(none);
        auto empty = co_await edo::join_all(std::vector<task<int>>());
        EXPECT_TRUE(empty.empty());
        co_await edo::join_all(std::vector<task<>>());
        co_await edo::try_join();
    });
}

TEST_P(join, gives_the_results_by_position) {
    run([]() -> task<> {
        int referred = 7;
        auto all =
            co_await edo::join(yield_then(1), nothing(), refer(referred), only_movable(4), give(5));
        static_assert(std::is_same_v<decltype(all),
                                     std::tuple<int, std::monostate, std::reference_wrapper<int>,
                                                std::unique_ptr<int>, int>>);
        auto& [a, b, c, d, e] = all;
        EXPECT_EQ(a, 1);
        EXPECT_EQ(&c.get(), &referred);
        EXPECT_EQ(*d, 4);
        EXPECT_EQ(e, 5);
    });
}

TEST_P(join, two_await) {
    run([]() -> task<> {
        notify first, second;
        bool joined = false;
        auto waits = [](notify& n) -> task<int> {
            co_await n.notified();
            co_return 1;
        };
        auto drives = [](notify& one, notify& two, bool& done) -> task<> {
            for (int i = 0; i < 10; ++i) { co_await edo::yield_now(); }
            EXPECT_FALSE(done);
            two.notify_one();
            for (int i = 0; i < 10; ++i) { co_await edo::yield_now(); }
            EXPECT_FALSE(done);
            one.notify_one();
        };
        auto both = [waits](notify& one, notify& two, bool& done) -> task<> {
            auto values = co_await edo::join(waits(one), waits(two));
            EXPECT_EQ(values, std::tuple(1, 1));
            done = true;
        };
        co_await edo::join(both(first, second, joined), drives(first, second, joined));
        EXPECT_TRUE(joined);
    });
}

// Each branch spends more than a whole budget.
TEST_P(join, join_does_not_allow_tasks_to_starve) {
    run([]() -> task<> {
        int one = 0, two = 0;
        auto spends = [](int& mine, int& other) -> task<> {
            for (; mine < 5; ++mine) {
                for (int i = 0; i < 128; ++i) { co_await edo::consume_budget(); }
                EXPECT_LE(mine, other + 2) << "the other branch starves";
            }
        };
        co_await edo::join(spends(one, two), spends(two, one));
        EXPECT_EQ(one, 5);
        EXPECT_EQ(two, 5);
    });
}

TEST_P(join, starts_in_order_and_runs_one_branch_at_a_time) {
    run([]() -> task<> {
        log noted;
        co_await edo::join(noting(noted, "a", 2), noting(noted, "b", 0), noting(noted, "c", 1));
        EXPECT_EQ(noted, (log{"b", "c", "a"}));
    });
}

TEST_P(join, runs_all_to_their_ends_and_throws_what_came_first) {
    run([]() -> task<> {
        log noted;
        try {
            co_await edo::join(noting(noted, "a", 5), raise("late", 3), raise("early", 1));
            ADD_FAILURE() << "no exception came";
        } catch (const std::runtime_error& e) { EXPECT_STREQ(e.what(), "early"); }
        EXPECT_EQ(noted, log{"a"});
        std::vector<task<int>> some;
        some.push_back(raise("second", 2));
        some.push_back(yield_then(1));
        some.push_back(raise("first", 0));
        try {
            co_await edo::join_all(std::move(some));
            ADD_FAILURE() << "no exception came";
        } catch (const std::runtime_error& e) { EXPECT_STREQ(e.what(), "first"); }
    });
}

TEST_P(join, borrows_lvalues_and_owns_rvalues) {
    run([]() -> task<> {
        auto kept = edo::spawn(yield_then, 1);
        auto values = co_await edo::join(kept, edo::spawn(yield_then, 2), edo::sleep_for(0ms));
        EXPECT_EQ(std::get<0>(values) + std::get<1>(values), 3);
        std::vector<edo::join_handle<int>> handles;
        for (int i = 0; i < 10; ++i) { handles.push_back(edo::spawn(yield_then, i)); }
        auto borrowed = co_await edo::join_all(handles);
        EXPECT_EQ(borrowed.back(), 9);
        EXPECT_EQ(handles.size(), 10U);
        auto made = std::views::iota(0, 5) | std::views::transform([](int i) { return give(i); });
        auto owned = co_await edo::join_all(made);
        EXPECT_EQ(owned, (std::vector{0, 1, 2, 3, 4}));
    });
}

TEST_P(join, of_many) {
    run([]() -> task<> {
        constexpr int n = 10'000;
        std::vector<task<int>> all;
        for (int i = 0; i < n; ++i) { all.push_back(i % 2 == 0 ? give(i) : yield_then(i)); }
        auto values = co_await edo::join_all(std::move(all));
        int wrong = 0;
        for (int i = 0; i < n; ++i) { wrong += values[static_cast<std::size_t>(i)] == i ? 0 : 1; }
        EXPECT_EQ(wrong, 0);
    });
}

TEST_P(join, nests) {
    run([]() -> task<> {
        auto sum_of = [](auto&& self, int depth) -> task<int> {
            if (depth == 0) { co_return co_await yield_then(1); }
            auto both = co_await edo::join(self(self, depth - 1), self(self, depth - 1));
            co_return std::get<0>(both) + std::get<1>(both);
        };
        auto sum = co_await sum_of(sum_of, 8);
        EXPECT_EQ(sum, 256);
        auto inner =
            co_await edo::join(edo::join(give(1), yield_then(2)), edo::timeout(1h, give(3)));
        EXPECT_EQ(std::get<0>(inner), std::tuple(1, 2));
        EXPECT_EQ(std::get<1>(inner), 3);
    });
}

// Each level is a branch of the one above it.
TEST_P(join, a_chain_of_any_depth_uses_a_bounded_stack) {
    run([]() -> task<> {
        struct chain {
            static task<int> of(int depth) {
                if (depth == 0) { co_return co_await yield_then(0); }
                auto one = co_await edo::join(of(depth - 1));
                co_return std::get<0>(one) + 1;
            }
        };
        auto depth = co_await chain::of(20'000);
        EXPECT_EQ(depth, 20'000);
    });
}

TEST_P(join, dropped_it_drops_its_branches_the_last_one_first) {
    static log noted;
    noted.clear();
    notify started;
    auto handle = rt().spawn(edo::unchecked([&]() -> task<> {
        started.notify_one();
        co_await edo::join(noting(noted, "a", 1'000'000'000), noting(noted, "b", 1'000'000'000),
                           forever());
    }));
    rt().block_on(started.notified());
    handle.abort();
    auto result = rt().block_on(handle.join());
    EXPECT_FALSE(result.has_value());
    EXPECT_EQ(noted, (log{"b", "a"}));
}

TEST_P(join, the_child_of_a_branch_may_abort_the_task) {
    std::optional<edo::abort_handle> self;
    notify go;
    bool went_on = false;
    auto handle = rt().spawn(edo::unchecked([&]() -> task<> {
        co_await go.notified();
        auto aborts = [](edo::abort_handle& me) -> task<> {
            me.abort();
            co_return;
        };
        co_await edo::join(nothing(), aborts(*self));
        went_on = true;
    }));
    self = handle.abort_handle();
    go.notify_one();
    EXPECT_FALSE(rt().block_on(handle.join()).has_value());
    EXPECT_FALSE(went_on);
}

TEST_P(join, its_branches_share_the_identity_of_the_task) {
    run([]() -> task<> {
        auto id = []() -> task<edo::task_id> {
            co_await edo::yield_now();
            co_return edo::this_task::id();
        };
        auto both = co_await edo::join(id(), id());
        EXPECT_EQ(std::get<0>(both), edo::this_task::id());
        EXPECT_EQ(std::get<1>(both), edo::this_task::id());
    });
}

TEST_P(join, in_block_on) {
    auto values = rt().block_on(edo::join(yield_then(1), yield_then(2)));
    EXPECT_EQ(values, std::tuple(1, 2));
}

TEST_P(try_join, sync_one) {
    run([]() -> task<> {
        auto ready = co_await edo::try_join(give(1));
        EXPECT_EQ(ready, std::tuple(1));
        auto later = co_await edo::try_join(yield_then(2));
        EXPECT_EQ(later, std::tuple(2));
        EXPECT_THROW(static_cast<void>(co_await edo::try_join(raise("bad"))), std::runtime_error);
    });
}

TEST_P(try_join, two_await) {
    run([]() -> task<> {
        notify first, second;
        bool joined = false;
        auto waits = [](notify& n, int value) -> task<int> {
            co_await n.notified();
            co_return value;
        };
        auto both = [waits](notify& one, notify& two, bool& done) -> task<> {
            auto values = co_await edo::try_join(waits(one, 1), waits(two, 2));
            EXPECT_EQ(values, std::tuple(1, 2));
            done = true;
        };
        auto drives = [](notify& one, notify& two, bool& done) -> task<> {
            for (int i = 0; i < 10; ++i) { co_await edo::yield_now(); }
            EXPECT_FALSE(done);
            two.notify_one();
            for (int i = 0; i < 10; ++i) { co_await edo::yield_now(); }
            EXPECT_FALSE(done);
            one.notify_one();
        };
        co_await edo::join(both(first, second, joined), drives(first, second, joined));
        EXPECT_TRUE(joined);
    });
}

// Each branch spends more than a whole budget.
TEST_P(try_join, try_join_does_not_allow_tasks_to_starve) {
    run([]() -> task<> {
        edo::sync::semaphore s(10);
        int one = 0, two = 0;
        auto spends = [](edo::sync::semaphore& from, int& mine, int& other) -> task<> {
            for (; mine < 5; ++mine) {
                for (int i = 0; i < 128; ++i) {
                    auto permit = co_await from.acquire();
                    EXPECT_TRUE(permit.has_value());
                }
                EXPECT_LE(mine, other + 2) << "the other branch starves";
            }
        };
        co_await edo::try_join(spends(s, one, two), spends(s, two, one));
        EXPECT_EQ(one, 5);
        EXPECT_EQ(two, 5);
    });
}

TEST_P(try_join, starts_in_order) {
    run([]() -> task<> {
        log noted;
        co_await edo::try_join(noting(noted, "a", 0), noting(noted, "b", 0), noting(noted, "c", 0));
        EXPECT_EQ(noted, (log{"a", "b", "c"}));
    });
}

TEST_P(try_join, sync_two) {
    run([]() -> task<> {
        auto values = co_await edo::try_join(give(1), yield_then(2));
        EXPECT_EQ(values, std::tuple(1, 2));
    });
}

TEST_P(try_join, err_abort_early) {
    run([]() -> task<> {
        log noted;
        try {
            co_await edo::try_join(forever(), noting(noted, "dropped", 1'000'000), raise("bad", 3),
                                   noting(noted, "ended", 0));
            ADD_FAILURE() << "no exception came";
        } catch (const std::runtime_error& e) { EXPECT_STREQ(e.what(), "bad"); }
        EXPECT_EQ(noted, (log{"ended", "dropped"}));
        std::vector<task<int>> some;
        some.push_back(raise("first", 0));
        some.push_back(raise("never started", 0));
        try {
            co_await edo::try_join_all(std::move(some));
            ADD_FAILURE() << "no exception came";
        } catch (const std::runtime_error& e) { EXPECT_STREQ(e.what(), "first"); }
    });
}

using answer = std::expected<int, std::string>;
task<answer> answer_of(answer value, int yields) {
    for (int i = 0; i < yields; ++i) { co_await edo::yield_now(); }
    co_return value;
}
task<std::expected<void, std::string>> agree() { co_return {}; }

TEST_P(try_join, an_error_in_a_std_expected_is_a_failure) {
    run([]() -> task<> {
        auto good = co_await edo::try_join(answer_of(1, 1), agree());
        static_assert(std::is_same_v<decltype(good),
                                     std::expected<std::tuple<int, std::monostate>, std::string>>);
        EXPECT_EQ(std::get<0>(good.value()), 1);
        auto bad =
            co_await edo::try_join(answer_of(1, 1'000'000), answer_of(std::unexpected("late"), 5),
                                   answer_of(std::unexpected("early"), 2));
        EXPECT_EQ(bad.error(), "early");
        std::vector<task<answer>> some;
        for (int i = 0; i < 10; ++i) { some.push_back(answer_of(i, i % 3)); }
        auto all = co_await edo::try_join_all(std::move(some));
        EXPECT_EQ(all->back(), 9);
        std::vector<task<answer>> others;
        others.push_back(answer_of(1, 1'000'000));
        others.push_back(answer_of(std::unexpected("no"), 2));
        auto none = co_await edo::try_join_all(std::move(others));
        EXPECT_EQ(none.error(), "no");
    });
}

TEST_P(try_join, an_exception_comes_out_beside_errors) {
    run([]() -> task<> {
        auto throws = []() -> task<answer> {
            co_await edo::yield_now();
            throw std::runtime_error("thrown");
        };
        EXPECT_THROW(static_cast<void>(co_await edo::try_join(answer_of(1, 5), throws())),
                     std::runtime_error);
    });
}

TEST_P(join, can_be_moved_before_it_is_awaited) {
    run([]() -> task<> {
        auto named = edo::join(give(1), yield_then(2));
        auto moved = std::move(named);
        auto pair = co_await std::move(moved);
        EXPECT_EQ(pair, (std::tuple(1, 2)));
        std::vector<task<int>> some;
        for (int i = 0; i < 3; ++i) { some.push_back(yield_then(i)); }
        auto range = edo::join_all(std::move(some));
        auto moved_range = std::move(range);
        auto all = co_await std::move(moved_range);
        EXPECT_EQ(all, (std::vector{0, 1, 2}));
        auto nested = edo::join(edo::join(give(1), nothing()), edo::sleep_for(0ms));
        auto inner = std::get<0>(co_await std::move(nested));
        EXPECT_EQ(std::get<0>(inner), 1);
    });
}

TEST_P(join, is_awaited_once) {
    run([]() -> task<> {
        auto both = edo::join(give(1), edo::sleep_for(0ms));
        co_await std::move(both);
        EXPECT_THROW(co_await std::move(both),
                     std::logic_error);  // NOLINT(bugprone-use-after-move)
        std::vector<task<int>> some;
        some.push_back(yield_then(1));
        auto range = edo::join_all(std::move(some));
        co_await std::move(range);
        EXPECT_THROW(co_await std::move(range),
                     std::logic_error);  // NOLINT(bugprone-use-after-move)
        EXPECT_THROW(co_await edo::join(task<int>(), give(1)), std::logic_error);
        auto held = std::make_shared<int>(1);
        auto leaves = edo::join(edo::sleep_for(0ms), edo::unconstrained(nothing()),
                                [](std::shared_ptr<int>) -> task<> { co_return; }(held));
        auto here = std::move(leaves);
        EXPECT_THROW(co_await std::move(leaves),
                     std::logic_error);  // NOLINT(bugprone-use-after-move)
        co_await std::move(here);
        EXPECT_EQ(held.use_count(), 1);
        auto spent = std::move(here);  // NOLINT(bugprone-use-after-move)
        EXPECT_THROW(co_await std::move(spent), std::logic_error);
    });
}

// What omicron's issue 9259 calls a futurelock: whoever holds the lock is never left alone.
TEST_P(join, a_branch_that_holds_a_lock_goes_on_whenever_its_task_runs) {
    run([]() -> task<> {
        using lock = edo::sync::mutex<int>;
        auto shared = std::make_shared<lock>(0);
        auto holds = [](std::shared_ptr<lock> m) -> task<int> {
            auto held = co_await m->lock();
            for (int i = 0; i < 5; ++i) { co_await edo::yield_now(); }
            co_return ++*held;
        };
        auto waits = [](std::shared_ptr<lock> m) -> task<int> {
            auto held = co_await m->lock();
            co_return ++*held;
        };
        auto [first, second, third] =
            co_await edo::join(holds(shared), waits(shared), waits(shared));
        EXPECT_EQ(first, 1);
        EXPECT_EQ(second, 2);
        EXPECT_EQ(third, 3);
        // The others of its task are busy, and a task outside waits for the lock, too.
        auto outside = edo::spawn(waits, shared);
        auto busy = []() -> task<> {
            for (int i = 0; i < 1'000; ++i) { co_await edo::yield_now(); }
        };
        auto [mine, rest] = co_await edo::join(holds(shared), busy());
        const int theirs = co_await outside;
        EXPECT_EQ(mine + theirs, 4 + 5);
    });
}

}  // namespace
