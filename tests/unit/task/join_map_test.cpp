// Tasks with keys. Ports task_join_map.rs.
#include <edo/sync/notify.hpp>
#include <edo/task/join_map.hpp>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "support/paused_fixture.hpp"

namespace {

namespace test = edo::test;
using edo::join_map;
using edo::task;
using test::counted;
using namespace std::chrono_literals;

using gate = std::shared_ptr<edo::sync::notify>;
gate make_gate() { return std::make_shared<edo::sync::notify>(); }
task<> forever() { co_await edo::sleep_until(edo::clock::time_point::max()); }
task<int> value(int v) { co_return v; }
task<int> forever_with(counted) {
    co_await forever();
    co_return 0;
}
task<int> value_after(gate g, int v) {
    co_await g->notified();
    co_return v;
}
task<> until_finished(edo::abort_handle watched) {
    while (!watched.is_finished()) { co_await edo::yield_now(); }
}
template <class Map>
auto sorted_keys(const Map& map) {
    auto keys = map.keys();
    std::ranges::sort(keys);
    return keys;
}

class join_map_rt : public test::runtime_test {
protected:
    std::atomic<int> alive{0};
};
INSTANTIATE_TEST_SUITE_P(task, join_map_rt, test::all_kinds, test::kind_name);

TEST_P(join_map_rt, of_nothing_gives_nothing_at_once) {
    auto body = []() -> task<> {
        join_map<std::string, int> map;
        EXPECT_TRUE(map.empty());
        EXPECT_EQ(map.size(), 0U);
        EXPECT_TRUE(map.keys().empty());
        EXPECT_FALSE(map.contains_key("a"));
        EXPECT_FALSE(map.abort("a"));
        map.abort_matching([](const std::string&) { return true; });
        map.abort_all();
        map.detach_all();
        EXPECT_FALSE(map.try_join_next().has_value());
        const auto next = co_await map.join_next();
        EXPECT_FALSE(next.has_value());
        co_await map.shutdown();
    };
    rt().block_on(body());
}

TEST_P(join_map_rt, gives_each_result_with_its_key) {
    auto body = []() -> task<> {
        join_map<std::string, int> map;
        for (int i = 0; i < 100; ++i) { map.spawn(std::to_string(i), &value, i); }
        EXPECT_EQ(map.size(), 100U);
        std::set<int> seen;
        for (;;) {
            auto next = co_await map.join_next();
            if (!next) { break; }
            EXPECT_TRUE(next->second.has_value());
            EXPECT_EQ(next->first, std::to_string(*next->second));
            EXPECT_FALSE(map.contains_key(next->first));
            EXPECT_TRUE(seen.insert(*next->second).second);
            EXPECT_EQ(map.size(), 100U - seen.size());
        }
        EXPECT_EQ(seen.size(), 100U);
        map.spawn("again", &value, 1);
        const auto next = co_await map.join_next();
        EXPECT_TRUE(next && next->first == "again");
    };
    rt().block_on(body());
}

TEST_P(join_map_rt, test_keys) {
    auto body = []() -> task<> {
        join_map<int, int> map;
        EXPECT_TRUE(map.keys().empty());
        for (int i = 1; i <= 3; ++i) { map.spawn(i, &value, i); }
        EXPECT_EQ(sorted_keys(map), (std::vector{1, 2, 3}));
        const auto first = co_await map.join_next();
        EXPECT_EQ(map.keys().size(), 2U);
        EXPECT_FALSE(std::ranges::count(map.keys(), first->first));
        for (int i = 0; i < 2; ++i) {
            const auto next = co_await map.join_next();
            EXPECT_TRUE(next.has_value());
        }
        EXPECT_TRUE(map.keys().empty());
    };
    rt().block_on(body());
}

TEST_P(join_map_rt, test_abort_on_drop) {
    auto body = [&]() -> task<> {
        {
            join_map<int, int> map;
            for (int i = 0; i < 16; ++i) { map.spawn(i, &forever_with, counted(alive)); }
            co_await edo::yield_now();
            EXPECT_EQ(map.size(), 16U);
        }
        while (alive != 0) { co_await edo::yield_now(); }
    };
    rt().block_on(body());
}

TEST_P(join_map_rt, alternating) {
    auto body = []() -> task<> {
        join_map<int, int> map;
        map.spawn(0, &value, 0);
        map.spawn(1, &value, 1);
        for (int i = 2; i < 18; ++i) {
            const auto next = co_await map.join_next();
            EXPECT_TRUE(next && next->second && next->first == *next->second);
            EXPECT_EQ(map.size(), 1U);
            map.spawn(i, &value, i);
            EXPECT_EQ(map.size(), 2U);
        }
        co_await map.shutdown();
    };
    rt().block_on(body());
}

TEST_P(join_map_rt, abort_by_key) {
    auto body = [&]() -> task<> {
        join_map<int, int> map;
        auto g = make_gate();
        for (int i = 0; i < 16; ++i) { map.spawn(i, &value_after, g, i); }
        for (int i = 0; i < 16; i += 2) { EXPECT_TRUE(map.abort(i)); }
        EXPECT_FALSE(map.abort(16));
        EXPECT_EQ(map.size(), 16U) << "they stay until they are joined";
        int cancelled = 0;
        for (; cancelled < 8; ++cancelled) {
            const auto next = co_await map.join_next();
            EXPECT_TRUE(next && !next->second && next->second.error().is_cancelled());
            EXPECT_EQ(next->first % 2, 0);
            EXPECT_FALSE(map.contains_key(next->first));
            EXPECT_FALSE(map.abort(next->first));
        }
        EXPECT_EQ(map.size(), 8U);
        for (int i = 0; i < 8; ++i) {
            g->notify_one();
            const auto next = co_await map.join_next();
            EXPECT_TRUE(next && next->second && *next->second == next->first);
        }
        EXPECT_TRUE(map.empty());
    };
    rt().block_on(body());
}

TEST_P(join_map_rt, abort_by_predicate) {
    auto body = [&]() -> task<> {
        join_map<int, int> map;
        for (int i = 0; i < 16; ++i) {
            map.spawn(
                i,
                [](int n) -> task<int> {
                    if (n % 2 == 0) { co_await forever(); }
                    co_return n;
                },
                i);
        }
        map.abort_matching([](const int& key) { return key % 2 == 0; });
        std::map<int, bool> joined;
        for (int i = 0; i < 16; ++i) {
            const auto next = co_await map.join_next();
            EXPECT_TRUE(next.has_value());
            EXPECT_FALSE(map.contains_key(next->first));
            joined[next->first] = next->second.has_value();
        }
        EXPECT_EQ(joined.size(), 16U);
        for (const auto& [key, has_value] : joined) { EXPECT_EQ(has_value, key % 2 != 0); }
    };
    rt().block_on(body());
}

TEST_P(join_map_rt, abort_by_handle) {
    auto body = [&]() -> task<> {
        join_map<int, int> map;
        const auto handle = map.spawn(1, &forever_with, counted(alive));
        map.spawn(2, &forever_with, counted(alive));
        handle.abort();
        const auto next = co_await map.join_next();
        EXPECT_TRUE(next && next->first == 1 && !next->second);
        EXPECT_EQ(next->second.error().id(), handle.id());
        EXPECT_EQ(map.keys(), std::vector{2});
    };
    rt().block_on(body());
}

TEST_P(join_map_rt, abort_all) {
    auto body = [&]() -> task<> {
        join_map<int, int> map;
        std::vector<edo::abort_handle> finished;
        for (int i = 0; i < 5; ++i) { map.spawn(i, &forever_with, counted(alive)); }
        for (int i = 5; i < 10; ++i) { finished.push_back(map.spawn(i, &value, i)); }
        for (auto& each : finished) { co_await until_finished(each); }
        map.abort_all();
        EXPECT_EQ(map.size(), 10U);
        for (int i = 0; i < 10; ++i) {
            const auto next = co_await map.join_next();
            EXPECT_EQ(next->second.has_value(), next->first >= 5);
            EXPECT_TRUE(next->second || next->second.error().is_cancelled());
        }
        EXPECT_TRUE(map.empty());
        EXPECT_EQ(alive, 0);
    };
    rt().block_on(body());
}

TEST_P(join_map_rt, exceptions_come_with_their_key) {
    auto body = []() -> task<> {
        join_map<std::string, int> map;
        map.spawn("throws", []() -> task<int> {
            co_await edo::yield_now();
            throw std::runtime_error("task");
        });
        auto next = co_await map.join_next();
        EXPECT_TRUE(next && next->first == "throws" && !next->second);
        EXPECT_FALSE(next->second.error().is_cancelled());
        EXPECT_TRUE(map.empty());
    };
    rt().block_on(body());
}

TEST_P(join_map_rt, runtime_gone) {
    join_map<int, int> map;
    {
        auto other = edo::runtime::multi_thread().worker_threads(1).build();
        for (int i = 0; i < 4; ++i) {
            map.spawn_on(other.handle(), i, &forever_with, counted(alive));
        }
    }
    EXPECT_EQ(alive, 0);
    auto body = [&]() -> task<> {
        std::set<int> keys;
        for (int i = 0; i < 4; ++i) {
            const auto next = co_await map.join_next();
            EXPECT_TRUE(next && !next->second && next->second.error().is_cancelled());
            keys.insert(next->first);
        }
        EXPECT_EQ(keys, (std::set{0, 1, 2, 3}));
        const auto none = co_await map.join_next();
        EXPECT_FALSE(none.has_value());
    };
    rt().block_on(body());
}

// Its tasks have ended, so that each join_next is ready: the budget makes the caller yield.
TEST_P(join_map_rt, join_map_coop) {
    static constexpr std::uint64_t count = 1000;
    auto handle = rt().spawn([]() -> task<std::uint64_t> {
        const auto yields = [] {
            return edo::runtime_handle::current().metrics().budget_forced_yield_count();
        };
        join_map<std::uint64_t, int> map;
        std::vector<edo::abort_handle> handles;
        for (std::uint64_t i = 0; i < count; ++i) { handles.push_back(map.spawn(i, &value, 0)); }
        for (auto& each : handles) { co_await until_finished(each); }
        const std::uint64_t before = yields();
        std::uint64_t joined = 0;
        for (;;) {
            auto next = co_await map.join_next();
            if (!next) { break; }
            ++joined;
        }
        EXPECT_EQ(joined, count);
        co_return yields() - before;
    });
    EXPECT_GE(rt().block_on(std::move(handle)), count / 128);
}

TEST_P(join_map_rt, try_join_next) {
    auto body = []() -> task<> {
        join_map<int, int> map;
        auto g = make_gate();
        std::vector<edo::abort_handle> handles;
        handles.push_back(map.spawn(-1, &value_after, g, -1));
        EXPECT_FALSE(map.try_join_next().has_value()) << "nothing has finished";
        EXPECT_TRUE(map.contains_key(-1));
        g->notify_one();
        for (int i = 0; i < 1000; ++i) { handles.push_back(map.spawn(i, &value, i)); }
        for (auto& each : handles) { co_await until_finished(each); }
        std::set<int> keys;
        while (!map.empty()) {  // a task is finished a little before its map hears of it
            if (const auto next = map.try_join_next()) {
                EXPECT_EQ(next->first, next->second.value());
                keys.insert(next->first);
            } else {
                co_await edo::yield_now();
            }
        }
        EXPECT_EQ(keys.size(), 1001U);
        EXPECT_TRUE(map.empty());
    };
    rt().block_on(body());
}

TEST_P(join_map_rt, detach_all_lets_the_tasks_go_on) {
    auto body = []() -> task<> {
        join_map<int, int> map;
        auto ended = std::make_shared<std::atomic<int>>(0);
        auto g = make_gate();
        for (int i = 0; i < 5; ++i) {
            map.spawn(
                i,
                [](gate mine, std::shared_ptr<std::atomic<int>> count) -> task<int> {
                    co_await mine->notified();
                    ++*count;
                    mine->notify_one();
                    co_return 0;
                },
                g, ended);
        }
        map.detach_all();
        EXPECT_TRUE(map.empty());
        EXPECT_TRUE(map.keys().empty());
        EXPECT_FALSE(map.contains_key(1));
        const auto none = co_await map.join_next();
        EXPECT_FALSE(none.has_value());
        g->notify_one();
        while (*ended != 5) { co_await edo::yield_now(); }
        map.spawn(1, &value, 1);  // it can be used again
        const auto next = co_await map.join_next();
        EXPECT_TRUE(next && next->first == 1 && next->second);
    };
    rt().block_on(body());
}

TEST_P(join_map_rt, shutdown_aborts_and_waits) {
    auto body = [&]() -> task<> {
        join_map<int, int> map;
        for (int i = 0; i < 8; ++i) { map.spawn(i, &forever_with, counted(alive)); }
        map.spawn(3, &forever_with, counted(alive));
        co_await edo::yield_now();
        co_await map.shutdown();
        EXPECT_TRUE(map.empty());
        EXPECT_TRUE(map.keys().empty());
        EXPECT_EQ(alive, 0);
        map.spawn(1, &value, 1);
        const auto next = co_await map.join_next();
        EXPECT_TRUE(next && next->first == 1);
    };
    rt().block_on(body());
}

TEST_P(join_map_rt, moves_with_its_tasks) {
    auto body = [&]() -> task<> {
        join_map<std::string, int> first;
        first.spawn("a", &value, 1);
        join_map<std::string, int> second(std::move(first));
        EXPECT_TRUE(second.contains_key("a"));
        join_map<std::string, int> third;
        third.spawn("b", &forever_with, counted(alive));
        third = std::move(second);
        EXPECT_EQ(third.keys(), std::vector<std::string>{"a"});
        while (alive != 0) { co_await edo::yield_now(); }  // its own were aborted
        third.spawn("c", &value, 2);
        std::set<std::string> keys;
        for (int i = 0; i < 2; ++i) {
            const auto next = co_await third.join_next();
            EXPECT_TRUE(next && next->second);
            keys.insert(next->first);
        }
        EXPECT_EQ(keys, (std::set<std::string>{"a", "c"}));
    };
    rt().block_on(body());
}

TEST_P(join_map_rt, takes_blocking_closures) {
    auto body = []() -> task<> {
        join_map<std::string, int> map;
        map.spawn_blocking("closure", [](int x) { return x; }, 1);
        map.spawn("task", &value, 2);
        std::map<std::string, int> results;
        for (int i = 0; i < 2; ++i) {
            const auto next = co_await map.join_next();
            results[next->first] = next->second.value();
        }
        EXPECT_EQ(results, (std::map<std::string, int>{{"closure", 1}, {"task", 2}}));
    };
    rt().block_on(body());
}

TEST_P(join_map_rt, of_void_and_of_what_only_moves) {
    auto body = []() -> task<> {
        join_map<int, void> of_void;
        of_void.spawn(1, []() -> task<> { co_return; });
        const auto ended = co_await of_void.join_next();
        EXPECT_TRUE(ended && ended->first == 1 && ended->second.has_value());
        join_map<int, std::unique_ptr<int>> of_unique;
        of_unique.spawn(2,
                        []() -> task<std::unique_ptr<int>> { co_return std::make_unique<int>(4); });
        auto next = co_await of_unique.join_next();
        EXPECT_TRUE(next && next->second && **next->second == 4);
    };
    rt().block_on(body());
}

// --- paused time ---

class join_map_paused : public test::paused_test {};

TEST_F(join_map_paused, test_with_sleep) {
    auto body = []() -> task<> {
        join_map<int, int> map;
        const auto sleeps = [](int n) -> task<int> {
            co_await edo::sleep_for(std::chrono::milliseconds(10 * (10 - n)));
            co_return n;
        };
        for (int i = 0; i < 10; ++i) {
            map.spawn(i, sleeps, i);
            EXPECT_EQ(map.size(), static_cast<std::size_t>(i) + 1);
        }
        map.detach_all();
        EXPECT_EQ(map.size(), 0U);
        const auto none = co_await map.join_next();
        EXPECT_FALSE(none.has_value());
        for (int i = 0; i < 10; ++i) { map.spawn(i, sleeps, i); }
        for (int i = 9; i >= 0; --i) {  // in the order of their ends
            const auto next = co_await map.join_next();
            EXPECT_TRUE(next && next->first == i && next->second && *next->second == i);
        }
        const auto end = co_await map.join_next();
        EXPECT_FALSE(end.has_value());
    };
    run(body());
}

TEST_F(join_map_paused, a_join_next_that_was_given_up_loses_nothing) {
    auto body = []() -> task<> {
        join_map<int, int> map;
        const auto sleeps = [](int n) -> task<int> {
            co_await edo::sleep_for(std::chrono::seconds(n));
            co_return n;
        };
        for (int i = 1; i <= 10; ++i) { map.spawn(i, sleeps, i); }
        std::vector<int> seen;
        int given_up = 0;
        while (!map.empty()) {
            auto next = co_await edo::timeout(300ms, map.join_next());
            if (!next) {
                ++given_up;
            } else {
                EXPECT_EQ((*next)->first, (*next)->second.value());
                seen.push_back((*next)->first);
            }
        }
        EXPECT_GE(given_up, 10);
        EXPECT_EQ(seen, (std::vector{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}));
    };
    run(body());
}

static_assert(edo::sendable<join_map<int, int>> && edo::owning<join_map<int, int>>);
static_assert(!edo::sendable<join_map<edo::rc<int>, int>>);
static_assert(!edo::sendable<join_map<int, edo::rc<int>>>);
static_assert(!edo::owning<join_map<std::string_view, int>>);

}  // namespace
